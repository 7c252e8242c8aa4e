import { describe, expect, it, onTestFinished } from 'vitest';
import { manualClock } from '../core/manual-clock.ts';
import { DialogAnswers } from '../core/state/dialogs.ts';
import { StateReader } from '../core/state/state-reader.ts';
import { Screen } from '../core/terminal/screen.ts';
import { createRecipes } from './index.ts';
import { FOLDERS, play, type Recording } from './replay.ts';

const folder = FOLDERS[0]!;
const claudeDialog: Recording = { folder, agent: 'claude', name: 'dialogs-first-run' };
const codexDialog: Recording = { folder, agent: 'codex', name: 'dialog-trust' };
const geminiDialog: Recording = { folder, agent: 'gemini', name: 'dialogs-first-run' };
const recipes = createRecipes();
const CWD = '/tmp/demo-project/repo';

interface Answered {
  /** Ours, not those of the recorded person. */
  keys: string[];
  over: { answered: boolean; text: string; detail: Record<string, unknown> }[];
}

/** Plays a recording to the answering of dialogs. The recorded person's keys move its screen on; ours are only written down. */
async function answer(recording: Recording, cwd = CWD): Promise<Answered> {
  const seen: Answered = { keys: [], over: [] };
  const { dialogs = [], ...recipe } = recipes.get(recording.agent)!;
  await play(recording, ({ clock, screen, title }) => {
    const answers = new DialogAnswers(dialogs, { cwd, policy: '/tmp/*' }, clock, {
      title,
      lines: () => screen.lines(),
      write: (bytes) => {
        seen.keys.push(Buffer.from(bytes).toString());
        return true;
      },
      over: (answered, text, detail) => seen.over.push({ answered, text, detail }),
    });
    const signals = { title, screen: () => screen.ruleText(), alternate: () => screen.alternate, foreignForeground: () => null };
    const reader = new StateReader(recipe, clock, signals, (reading) => {
      if (reading.seen && reading.status !== 'waiting') answers.stop();
    });
    return {
      drawn: () => {
        reader.output();
        answers.drawn();
      },
      titled: () => reader.title(),
      marker: (name) => name !== 'end',
    };
  });
  return seen;
}

describe('recorded dialogs about trust', () => {
  it('claude: No is chosen at first, so yes is chosen before anything else; its other questions get no key', async () => {
    const { keys, over } = await answer(claudeDialog);
    // Then the recorded person was quicker than we.
    expect(keys).toEqual(['\x1b[B']);
    expect(over).toEqual([
      {
        answered: true,
        text: `It asked whether it may work in ${CWD}. Answered with yes: "/tmp/*" in the setting trust covers it.`,
        detail: { dialog: 'trust', policy: '/tmp/*', cwd: CWD, keys: 1 },
      },
    ]);
  });

  it.each([codexDialog, geminiDialog])('$agent/$name is answered with Enter, once', async (recording) => {
    const { keys, over } = await answer(recording);
    expect(keys).toEqual(['\r']);
    expect(over.map(({ answered }) => answered)).toEqual([true]);
  });

  it.each([claudeDialog, codexDialog, geminiDialog])('$agent/$name of another directory gets no key', async (recording) => {
    const { keys, over } = await answer(recording, '/tmp/demo-project/other');
    expect(keys).toEqual([]);
    expect(over).toEqual([]);
  });

  it('C22: screens made to confuse them take no time', () => {
    const parts = [' │ x │\n', ' /a\n', '\n', '1. x\n', '▝\n', '─', ' Accessing workspace:\n', '│ ● 1. Trust folder (', 'a b '];
    const dialogs = recipes.list().flatMap((recipe) => recipe.dialogs ?? []);
    expect(dialogs.length).toBe(3);
    for (const { screen } of dialogs) {
      for (const part of parts) {
        const text = part.repeat(Math.ceil(20_000 / part.length));
        const times = Array.from({ length: 5 }, () => {
          const begun = performance.now();
          screen.test(text);
          return performance.now() - begun;
        });
        expect(Math.min(...times)).toBeLessThan(50);
      }
    }
  });
});

/** Claude's dialog, as a program of our own draws it and reacts to keys. */
function dialogProgram() {
  const clock = manualClock();
  const screen = new Screen({ cols: 80, rows: 24 }, 100);
  onTestFinished(() => screen.dispose());
  const over: boolean[] = [];
  const keys: string[] = [];
  const program = { yes: false, gone: false, deaf: 0, extra: '' };
  const draw = async () => {
    const mark = (on: boolean) => (on ? ' ❯ ' : '   ');
    const text = program.gone
      ? '✻ Welcome'
      : [
          '─'.repeat(80),
          ' Accessing workspace:',
          '',
          ` ${CWD}`,
          '',
          ' Quick safety check: Is this a project you created or one you trust? (Like your',
          ' own code, a well-known open source project, or work from your team). If not,',
          " take a moment to review what's in this folder first.",
          '',
          " Claude Code'll be able to read, edit, and execute files here.",
          '',
          ...(program.extra === '' ? [] : [program.extra, '']),
          ' Security guide',
          '',
          `${mark(!program.yes)}No, exit`,
          `${mark(program.yes)}Yes, I trust this folder`,
          '',
          ' Enter to confirm · Esc to cancel',
        ].join('\r\n');
    screen.write(Buffer.from(`\x1b[H\x1b[2J${text}`));
    await screen.settled();
    answers.drawn();
  };
  const answers = new DialogAnswers(recipes.get('claude')!.dialogs!, { cwd: CWD, policy: '/tmp/*' }, clock, {
    title: () => '',
    lines: () => screen.lines(),
    write: (bytes) => {
      const key = Buffer.from(bytes).toString();
      keys.push(key);
      if (program.deaf > 0) program.deaf--;
      else if (key === '\x1b[B') program.yes = true;
      else if (key === '\r') program.gone = true;
      return true;
    },
    over: (answered) => over.push(answered),
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds * 2; i++) {
      await draw();
      clock.advance(500);
    }
  };
  return { program, answers, keys, over, pass };
}

describe('a dialog that reacts', () => {
  it('is answered, and nothing more is pressed when it comes back', async () => {
    const { program, keys, over, pass } = dialogProgram();
    await pass(5);
    expect({ keys, over }).toEqual({ keys: ['\x1b[B', '\r'], over: [true] });
    program.gone = false;
    program.yes = false;
    await pass(10);
    expect(keys).toHaveLength(2);
  });

  it('a key that was lost is pressed once more, then its person is told', async () => {
    const lost = dialogProgram();
    lost.program.deaf = 1;
    await lost.pass(10);
    expect({ keys: lost.keys, over: lost.over }).toEqual({ keys: ['\x1b[B', '\x1b[B', '\r'], over: [true] });
    const deaf = dialogProgram();
    deaf.program.deaf = 1_000;
    await deaf.pass(20);
    expect({ keys: deaf.keys, over: deaf.over }).toEqual({ keys: ['\x1b[B', '\x1b[B'], over: [false] });
  });

  it('with a warning that is not known it is left to its person', async () => {
    const { program, keys, pass } = dialogProgram();
    program.extra = ' This folder has settings that run commands.';
    await pass(5);
    expect(keys).toEqual([]);
  });

  it('is left to a person who types, and to an agent that was seen already', async () => {
    const { answers, keys, pass } = dialogProgram();
    answers.stop();
    await pass(5);
    expect(keys).toEqual([]);
  });
});
