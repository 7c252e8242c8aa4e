import preact from '@preact/preset-vite';
import { defineConfig } from 'vite';
import { CONTENT_SECURITY_POLICY } from '../content-security-policy.ts';

/** The screens with invented homes, to be looked at and measured; never shipped. */
export default defineConfig({
  root: import.meta.dirname,
  publicDir: '../public',
  plugins: [
    preact(),
    {
      name: 'policy',
      transformIndexHtml: () => [
        { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: CONTENT_SECURITY_POLICY }, injectTo: 'head-prepend' },
      ],
    },
  ],
  build: { outDir: process.env.LOOK_DIST ?? 'dist', emptyOutDir: true, target: 'es2022', cssCodeSplit: false, reportCompressedSize: false },
});
