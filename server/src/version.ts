/** Version of home server and command line; equal to the one in package.json, which a test compares. */
export const VERSION = '0.1.0';
