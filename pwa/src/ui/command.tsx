import { exact } from './printable.ts';

/** A command as exact bytes: it wraps between arguments, never inside of one. */
export function Command({ text }: { text: string }) {
  const args = exact(text).split(' ');
  return (
    <code>
      {args.map((arg, index) => (
        <span key={index}>
          {index > 0 && ' '}
          <span class="arg">{arg}</span>
        </span>
      ))}
    </code>
  );
}
