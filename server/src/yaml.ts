/** A module of its own, so that it is loaded only where there is a file to read: bundled, a package cannot be imported by name at run time. */
export { parseDocument } from 'yaml';
