#!/usr/bin/env node
// From a clone without a build, Node runs the sources themselves (it strips the types); what ships is the bundle.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (file) => fileURLToPath(new URL(file, import.meta.url));
const bundle = at('../dist/afield.mjs');
await import(existsSync(bundle) ? bundle : at('../src/main.ts'));
