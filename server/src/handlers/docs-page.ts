/** The API as one page that needs no script and loads nothing. */

interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  parameters: { name: string; in: string; required: boolean; schema: unknown }[];
  requestBody?: { content: Record<string, { schema: unknown }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] as string);

/** Code in backticks becomes `<code>`; everything else stays text. */
const inline = (text: string) => escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');

const schemaBlock = (title: string, schema: unknown) =>
  `<details><summary>${escapeHtml(title)}</summary><pre>${escapeHtml(JSON.stringify(schema, null, 2))}</pre></details>`;

function content(title: string, bodies: Record<string, { schema: unknown }> | undefined): string {
  return Object.entries(bodies ?? {})
    .map(([type, { schema }]) => schemaBlock(`${title}, ${type}`, schema))
    .join('');
}

function section(path: string, method: string, operation: Operation): string {
  const parameters = operation.parameters
    .map(
      (p) =>
        `<tr><td><code>${escapeHtml(p.name)}</code></td><td>${p.in}${p.required ? ', required' : ''}</td><td><code>${escapeHtml(JSON.stringify(p.schema))}</code></td></tr>`,
    )
    .join('');
  const responses = Object.entries(operation.responses)
    .map(([status, { description }]) => `<tr><td>${status}</td><td>${inline(description)}</td></tr>`)
    .join('');
  const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'));
  return `<section id="${operation.operationId}"><h2><b>${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code></h2>
<p>${inline(operation.summary)}. ${inline(operation.description ?? 'Needs no token.')}</p>
${parameters && `<table><caption>Parameters</caption>${parameters}</table>`}
${content('Body', operation.requestBody?.content)}${content('Answer', success?.[1].content)}
<table><caption>Responses</caption>${responses}</table></section>`;
}

const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h2{font-size:1.1rem;margin:2rem 0 .25rem;overflow-wrap:anywhere}pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:6px}
table{border-collapse:collapse;width:100%;margin:.5rem 0}td{border-top:1px solid #8884;padding:.25rem .5rem .25rem 0;vertical-align:top;overflow-wrap:anywhere}
caption{text-align:left;font-weight:600}summary{cursor:pointer;min-height:1.75rem}nav{columns:16rem}nav a{display:block}`;

export function docsPage(document: Record<string, unknown>): string {
  const info = document.info as { title: string; version: string; description: string };
  const operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const list = operations.map((o) => `<a href="#${o.operation.operationId}">${escapeHtml(o.operation.operationId)}</a>`).join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(info.title)} API</title><style>${STYLE}</style>
<h1>${escapeHtml(info.title)} ${escapeHtml(info.version)}</h1><p>${inline(info.description)}</p><nav>${list}</nav>
${operations.map((o) => section(o.path, o.method, o.operation)).join('\n')}</html>`;
}
