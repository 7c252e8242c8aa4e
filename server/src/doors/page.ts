/** The built page, served to browsers on this machine. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import express, { type RequestHandler, type Router } from 'express';

const HOUR_S = 3600;
const YEAR_S = 365 * 24 * HOUR_S;
/** Names that the build gives by content never change their content. */
const HASHED = /-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;

/** Said by the page itself in a meta tag, so that it holds wherever the files are put; said once more as a header, which covers more. */
const META_POLICY = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]+)"/i;
const ENTITIES: Record<string, string> = { '&#39;': "'", '&quot;': '"', '&amp;': '&' };
/** For a page that says nothing itself: show and load nothing. */
const CLOSED_POLICY = "default-src 'none'";

const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Afield</title>
<p>The home server runs, but its page is not built. Run <code>npm run build pwa</code>, or set <code>pwa_dir</code> in config.yaml.`;

function policyOf(page: string): string {
  const found = META_POLICY.exec(page)?.[1] ?? CLOSED_POLICY;
  const plain = found.replace(/&#39;|&quot;|&amp;/g, (entity) => ENTITIES[entity] as string);
  return `${plain}; frame-ancestors 'none'`;
}

/** `folder` may be built, or built anew, while the server runs. */
export function servePage(folder: string): Router {
  const router = express.Router();
  const index = path.join(folder, 'index.html');
  let known = { mtimeMs: -1, page: '', policy: CLOSED_POLICY };

  const current = () => {
    const mtimeMs = statSync(index, { throwIfNoEntry: false })?.mtimeMs;
    if (mtimeMs === undefined) return null;
    if (mtimeMs !== known.mtimeMs) {
      const page = readFileSync(index, 'utf8');
      known = { mtimeMs, page, policy: policyOf(page) };
    }
    return known;
  };

  const guard: RequestHandler = (request, response, next) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.set('Allow', 'GET, HEAD').status(405).type('text/plain').send('Only GET and HEAD may be used here.\n');
      return;
    }
    response.set('Content-Security-Policy', current()?.policy ?? CLOSED_POLICY);
    response.set('Permissions-Policy', 'camera=(self), microphone=(), geolocation=(), payment=(), usb=()');
    next();
  };

  const page: RequestHandler = (request, response, next) => {
    // A missing file is missing: only addresses of screens get the page.
    if (path.extname(request.path) !== '') {
      next();
      return;
    }
    const built = current();
    response.set('Cache-Control', 'no-cache').type('html');
    if (built === null) response.status(503).send(NOT_BUILT);
    else response.send(built.page);
  };

  router.use(guard);
  router.use(
    express.static(folder, {
      index: false,
      dotfiles: 'ignore',
      redirect: false,
      setHeaders: (response, file) => {
        const hashed = HASHED.test(path.basename(file));
        response.setHeader('Cache-Control', hashed ? `public, max-age=${YEAR_S}, immutable` : 'no-cache');
      },
    }),
  );
  router.use(page);
  return router;
}
