import type { Probe } from '@afield/shared/api/probes.ts';
import { ENDED, type Session } from '@afield/shared/api/sessions.ts';
import { useModel } from '@preact/signals';
import { everyQuarterMinute } from '../models/clock.ts';
import { type QuietLook, QuietModel } from '../models/quiet.ts';
import { Banner, type BannerTone } from '../ui/banner.tsx';
import { bytes, Facts } from '../ui/facts.tsx';
import { FaultLine } from '../ui/fault-line.tsx';
import { Icon, type IconName } from '../ui/icons.tsx';
import { exact, printable } from '../ui/printable.ts';
import { lastSeen, span } from '../ui/time.ts';
import { useHome } from './app-context.ts';
import { sessionPath } from './paths.ts';

const VERDICTS: Record<Probe['verdict'], { tone: BannerTone; icon: IconName; word: string }> = {
  busy: { tone: 'run', icon: 'pulse', word: 'It works' },
  waiting: { tone: 'signal', icon: 'bell', word: 'It waits for you' },
  done: { tone: 'done', icon: 'check', word: 'It is done' },
  stuck: { tone: 'lost', icon: 'alert', word: 'It may be stuck' },
  unknown: { tone: 'run', icon: 'eye', word: 'Not clear' },
};

/** "Why is it quiet?" with the answer, what it was made of, and a button that asks now. */
export function QuietPanel({ session, live }: { session: Session; live: boolean }) {
  const { link } = useHome();
  const look = useModel(() => new QuietModel(link, session.id));
  const quiet = look.quiet.value;
  const failure = look.asking.failure.value;
  const { tone, icon, word } = VERDICTS[quiet?.probe?.verdict ?? 'unknown'];
  return (
    <section aria-labelledby="h-quiet" class="stack quiet" id="quiet">
      <div class="sec">
        <h2 id="h-quiet">Why is it quiet?</h2>
        <button type="button" class="act push" disabled={!live || look.asking.busy.value} onClick={() => void look.ask()}>
          <Icon name="eye" small />
          {look.asking.busy.value ? 'Looking …' : 'Look now'}
        </button>
      </div>
      <FaultLine text={failure?.text ?? null} />
      {quiet === null ? (
        <p class="small dim" role="status">
          {live
            ? 'Nobody had to look: it is not quiet, or not for long. “Look now” watches screen and processes for about a second.'
            : 'Home can look when there is a connection.'}
        </p>
      ) : (
        <Banner tone={tone} icon={icon} title={quiet.probe === null ? '' : `${word}.`}>
          {printable(quiet.reason)} <span class="meta">Looked at {lastSeen(Date.parse(quiet.timestamp), everyQuarterMinute.value)}.</span>
        </Banner>
      )}
      {quiet?.probe != null && <Looked probe={quiet.probe} />}
    </section>
  );
}

function Looked({ probe }: { probe: Probe }) {
  const { facts, quiet_ms } = probe;
  const said = (value: number | null, words: (value: number) => string) => (value === null ? 'could not be seen' : words(value));
  return (
    <details class="more">
      <summary>What was looked at</summary>
      <div class="panel stack">
        <Facts
          items={[
            ['No new text for', span(quiet_ms)],
            ['Watched for', `${(facts.sample_ms / 1_000).toFixed(1)} s`],
            ['Title', facts.title === null ? 'none' : <code key="title">{printable(facts.title)}</code>],
            ['Its screen says', facts.reading === null ? 'nothing that is known' : printable(facts.reading)],
            ['Processes', said(facts.processes, String)],
            ['Processor', said(facts.cpu_ms, (ms) => `${ms} ms used`)],
            ['Read and written', said(facts.io_bytes, bytes)],
            ['Connections', said(facts.sockets, String)],
          ]}
        />
        {facts.top.length > 0 && (
          <table class="processes">
            <caption class="vh">The busiest processes</caption>
            <thead>
              <tr>
                <th scope="col">Process</th>
                <th scope="col">Used</th>
                <th scope="col">Runs for</th>
              </tr>
            </thead>
            <tbody>
              {facts.top.map((process) => (
                <tr key={process.pid}>
                  <td>
                    <code>{exact(process.command)}</code> <span class="meta">{process.pid}</span>
                  </td>
                  <td class="num">{process.cpu_ms} ms</td>
                  <td class="num">{span(process.running_ms)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </details>
  );
}

/** One line below the header of a session, on every face: that it is quiet and why, as long as that is true. */
export function QuietLine({ session, live }: { session: Session; live: boolean }) {
  if (!live || ENDED.has(session.status)) return null;
  return <Line session={session} />;
}

function Line({ session }: { session: Session }) {
  const { link } = useHome();
  const look: QuietLook = useModel(() => new QuietModel(link, session.id));
  const quiet = look.quiet.value;
  // Idle and waiting say themselves why it is quiet.
  if (quiet === null || session.status === 'idle' || session.status === 'waiting') return null;
  return (
    <a class="quiet-line" href={`${sessionPath(session.id, 'info')}`}>
      <Icon name={VERDICTS[quiet.probe?.verdict ?? 'unknown'].icon} small />
      <span class="cut">{printable(quiet.reason)}</span>
      <span class="vh"> Why is it quiet?</span>
    </a>
  );
}
