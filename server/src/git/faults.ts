/** Why there is nothing to show, as errors of ours: what is so, and what to do. */
import { AfieldError } from '@afield/shared/errors.ts';
import { printable } from '../core/printable.ts';
import { LOOK_END } from './scripts.ts';

interface Asked {
  against: string;
  /** Why what is compared with is not known; null where it is. */
  unknown: string | null;
  machine: string;
  cwd: string;
}

const INSTEAD = 'Compare with the last commit (HEAD) instead.';

export const noRef = (against: string) =>
  new AfieldError('not_found', `There is no branch, tag or commit ${printable(against)} in this repository. Compare with another one.`);
export const unchanged = () => new AfieldError('not_found', 'This file is as it was.');
export const lastLine = (stderr: string) => printable(stderr.trim().split('\n').at(-1) ?? '') || 'it gave no reason';

/** `code`: what `LOOK` ended with. */
export function explained(code: number | null, stderr: string, asked: Asked): AfieldError {
  const { against, unknown } = asked;
  const directory = printable(asked.cwd);
  const gone = `What the directory held ${against === 'start' ? 'at the start' : 'before the last message'} is gone: git has tidied the repository up.`;
  switch (code) {
    case LOOK_END.noRef:
      return noRef(against);
    case LOOK_END.noTree:
      return new AfieldError('not_found', `${gone} ${INSTEAD}`);
    case LOOK_END.unknown:
      return new AfieldError('not_found', `${unknown} ${INSTEAD}`);
    case LOOK_END.noCommit:
      return noCommit(asked, gone);
    case LOOK_END.unchanged:
      return unchanged();
    case LOOK_END.noGit:
      return new AfieldError('unavailable', `There is no git on ${printable(asked.machine)}. Install it there to see changes.`);
    case LOOK_END.noDirectory:
      return new AfieldError(
        'unavailable',
        `${directory} is not there any more, or may not be read. Its changes can be told when it is back.`,
      );
    case LOOK_END.untrusted:
      return new AfieldError(
        'unavailable',
        `${directory} belongs to another user, so git does not look into it. If you trust it: git config --global --add safe.directory ${directory}`,
      );
    case LOOK_END.elsewhere:
      return new AfieldError(
        'unavailable',
        `The repository in ${directory} keeps its files elsewhere (core.worktree), so they are not shown.`,
      );
    case LOOK_END.tooLong:
    case null:
      return new AfieldError(
        'unavailable',
        'Looking at the changes took too long. Large files or folders that are not part of the work belong into .gitignore.',
      );
    default:
      return new AfieldError('unavailable', `git could not tell what changed: ${lastLine(stderr)}`);
  }
}

/** Where there is no HEAD to fall back on. */
function noCommit({ against, unknown }: Asked, gone: string): AfieldError {
  if (against === 'HEAD') {
    return new AfieldError('no_commit', 'This repository has no commit yet. Make one, or compare with the start of the session.');
  }
  if (against !== 'start' && against !== 'message') return noRef(against);
  return new AfieldError(
    'no_commit',
    `${unknown ?? gone} Nor has this repository a commit yet: make one, and what changes after it can be compared with it (HEAD).`,
  );
}
