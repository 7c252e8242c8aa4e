import type * as z from 'zod/mini';

type Issue = z.core.$ZodIssue;

/** More would be noise: a person mends one at a time. */
const MAX_ISSUES = 3;
/** What zod/mini says where a schema has no words of its own. */
const NO_MESSAGE = 'Invalid input';

function wish(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? `is missing; it must be of type ${issue.expected}` : `must be of type ${issue.expected}`;
    case 'too_small':
      return `must be at least ${issue.minimum}${unit(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unit(issue.origin)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'invalid_format':
      if (issue.format !== 'regex') return `must be a valid ${issue.format}`;
      return issue.message === NO_MESSAGE ? 'has a character or a form that is not allowed' : issue.message;
    case 'unrecognized_keys':
      return `has fields that are not known: ${issue.keys
        .slice(0, MAX_ISSUES)
        .map((key) => short(key))
        .join(', ')}`;
    default:
      return 'is not valid';
  }
}

function unit(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' || origin === 'set' ? ' entries long' : '';
}

/** What came from outside is quoted, cut and free of control characters, so that it can be shown and logged. */
export function short(text: string, max = 40): string {
  return JSON.stringify(text.length > max ? `${text.slice(0, max)}…` : text);
}

/**
 * What is wrong with an input, in words: `cols must be at least 2; name is missing…`. zod/mini carries no messages of its own;
 * a pattern may have words that follow the name of the field.
 * `reportInput` must have been set for "is missing" to be told apart from a wrong type.
 */
export function explainIssues(issues: readonly Issue[], subject: string): string {
  const told = issues.slice(0, MAX_ISSUES).map((issue) => {
    const place = issue.path.map(String).join('.');
    return `${place === '' ? subject : place} ${wish(issue)}`;
  });
  const more = issues.length - told.length;
  return `${told.join('; ')}${more > 0 ? `; and ${more} more` : ''}.`;
}
