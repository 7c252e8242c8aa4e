/**
 * A module of its own, so that the parser is loaded only where there is a file to read: in a bundle a CommonJS package that is
 * imported at run time shows its exports under `default` alone.
 */
import { type Document, parseDocument } from 'yaml';

export function parseYaml(source: string): Document {
  return parseDocument(source, { prettyErrors: true });
}
