import { expect, it } from 'vitest';
import { fileDiff, filesOfPatch } from './unified-diff.ts';

const NEW = `Index: /w/hello.txt
===================================================================
--- /w/hello.txt
+++ /w/hello.txt
@@ -0,0 +1,2 @@
+hello
+there
`;

it('a new file has nothing before, and one that goes nothing after', () => {
  expect(filesOfPatch(NEW, 'x')).toEqual([{ path: '/w/hello.txt', before: null, after: 'hello\nthere\n', cut: false }]);
  expect(filesOfPatch('@@ -1,2 +0,0 @@\n-a\n-b\n', 'x')).toEqual([{ path: 'x', before: 'a\nb\n', after: null, cut: false }]);
});

it('a change shows its places with the lines around them, and where they stand', () => {
  const patch = '@@ -1,2 +1,2 @@\n-# demo\n+# demo, changed\n \n@@ -40,2 +40,3 @@\n a\n+b\n c\n';
  expect(filesOfPatch(patch, 'README.md')).toEqual([
    {
      path: 'README.md',
      before: '# demo\n\n@@ -40,2 +40,3 @@\na\nc\n',
      after: '# demo, changed\n\n@@ -40,2 +40,3 @@\na\nb\nc\n',
      cut: false,
    },
  ]);
});

it('lines that look like a header belong to the file while its place goes on', () => {
  const patch =
    'diff --git a/one b/one\n--- a/one\n+++ b/one\n@@ -1,2 +1,2 @@\n--- not a header\n+++ nor this\n same\ndiff --git a/two b/two\n--- a/two\n+++ b/two\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+y\n';
  expect(filesOfPatch(patch, '?')).toEqual([
    { path: 'one', before: '-- not a header\nsame\n', after: '++ nor this\nsame\n', cut: false },
    { path: 'two', before: 'x', after: 'y\n', cut: false },
  ]);
});

it('what is no patch, or changes nothing, is no file', () => {
  for (const patch of ['', 'hello', '@@', '--- a\n+++ b\n', '@@ -x +y @@\n+z']) expect(filesOfPatch(patch, 'x')).toEqual([]);
});

it('a big file is cut and says so', () => {
  const { after, cut } = fileDiff('big', null, 'x'.repeat(300_000));
  expect([after?.length, cut]).toEqual([200_000, true]);
});
