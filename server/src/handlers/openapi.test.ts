import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { api } from '@afield/shared/api.ts';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../version.ts';
import { docsPage } from './docs-page.ts';
import { openapi } from './openapi.ts';

const COMMITTED = path.resolve(import.meta.dirname, '../../../docs/api/openapi.json');

describe('openapi', () => {
  it('is the committed one; AFIELD_WRITE_OPENAPI=1 writes it anew', () => {
    const text = `${JSON.stringify(openapi(VERSION), null, 2)}\n`;
    if (process.env.AFIELD_WRITE_OPENAPI === '1') writeFileSync(COMMITTED, text);
    expect(readFileSync(COMMITTED, 'utf8')).toBe(text);
  });

  it('has every operation of the contract once, with its parameters', () => {
    const paths = openapi(VERSION).paths as Record<
      string,
      Record<string, { operationId: string; parameters: { name: string; in: string; required: boolean }[] }>
    >;
    const names = Object.values(paths).flatMap((methods) => Object.values(methods).map((operation) => operation.operationId));
    expect(names.sort()).toEqual(Object.keys(api).sort());
    for (const [template, methods] of Object.entries(paths)) {
      const wanted = [...template.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
      for (const { operationId, parameters } of Object.values(methods)) {
        expect([operationId, parameters.filter((p) => p.in === 'path').map((p) => p.name)]).toEqual([operationId, wanted]);
      }
    }
  });

  it('refers to every named schema, and to none that is missing', () => {
    const document = openapi(VERSION);
    const { schemas } = document.components as { schemas: Record<string, unknown> };
    const used = new Set([...JSON.stringify(document).matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)].map((match) => match[1]));
    expect([...used].sort()).toEqual(Object.keys(schemas).sort());
  });

  it('says what a caller must send, with what is filled in for them', () => {
    const paths = openapi(VERSION).paths as Record<
      string,
      Record<string, { requestBody?: { content: Record<string, { schema: { required?: string[]; additionalProperties?: boolean } }> } }>
    >;
    const schema = paths['/sessions']?.post?.requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({ properties: { agent: { type: 'string' } }, additionalProperties: false });
  });

  it('becomes a page that runs nothing and loads nothing', () => {
    const page = docsPage(openapi(VERSION));
    expect(page).toContain('POST');
    expect(page).not.toMatch(/<script|<link|<img|src=|javascript:|https?:\/\//i);
    for (const name of Object.keys(api)) expect(page).toContain(`id="${name}"`);
    expect(docsPage({ ...openapi(VERSION), info: { title: '<script>alert(1)</script>', version: '"', description: '' } })).not.toContain(
      '<script>',
    );
  });
});
