import type { Machine } from '@afield/shared/api/machines.ts';
import { ENDED } from '@afield/shared/api/sessions.ts';
import type { Home } from '../models/home.ts';
import { Banner } from '../ui/banner.tsx';
import { printable } from '../ui/printable.ts';
import { clock } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { machinePath } from './paths.ts';

/** What concerns every screen: the disk at home is full, so nothing new is kept. Only while it is known to be so. */
export function StorageAlarm() {
  const app = useApp();
  const home = app.home.value;
  const storage = home?.storage.value ?? null;
  if (home === null || storage === null || storage.writing || !home.live.value) return null;
  return (
    <div class="alarm">
      <Banner tone="fault" icon="disk" title="The disk at home is full." role="alert">
        Your agents go on, but nothing new is kept{storage.since === null ? '' : ` since ${clock(storage.since)}`}.{' '}
        {storage.detail === null ? 'Make room on it, or delete old history under More.' : printable(storage.detail)}
      </Banner>
    </div>
  );
}

/** Machines that are not reached and on which sessions of the list run: what is shown of those is from before. */
export function cutMachines(home: Home): { machine: Machine; sessions: number }[] {
  if (!home.live.value) return [];
  const running = [...home.sessions.value.values()].filter((session) => !ENDED.has(session.status));
  return home.machines.value
    .filter((machine) => machine.line.state === 'down')
    .map((machine) => ({ machine, sessions: running.filter((session) => session.machine === machine.name).length }))
    .filter(({ sessions }) => sessions > 0);
}

export function CutMachines() {
  const { home } = useHome();
  return (
    <>
      {cutMachines(home).map(({ machine, sessions }) => (
        <Banner
          key={machine.name}
          tone="fault"
          icon="cut"
          float
          title={`${machine.name} is not reached${machine.line.since === null ? '' : ` since ${clock(machine.line.since)}`}.`}
          actions={
            <a class="act" href={machinePath(machine.name)}>
              What is wrong?
            </a>
          }
        >
          {sessions === 1 ? 'Its session' : `Its ${sessions} sessions`}{' '}
          {machine.survives_restart
            ? 'may go on there. What is printed meanwhile is fetched when the line is back.'
            : 'cannot be seen now. Home tries again by itself.'}
        </Banner>
      ))}
    </>
  );
}
