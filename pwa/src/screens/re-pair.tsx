import { useState } from 'preact/hooks';
import { Banner } from '../ui/banner.tsx';
import { Confirm } from '../ui/dialog.tsx';
import { Page, Slab } from '../ui/page.tsx';
import { lastSeen } from '../ui/time.ts';
import { useApp, useHome } from './app-context.ts';
import { PAIR } from './paths.ts';

/** Home refused this device: an end state with a way back. Nothing is tried again until a person pairs anew. */
export function RePairScreen() {
  const app = useApp();
  const { home } = useHome();
  const [asking, setAsking] = useState(false);
  const seen = home.seenAt.value;
  return (
    <Page title="Pair this device again">
      <div class="stack">
        <Banner tone="fault" icon="key" title="Home does not know this device any more." role="status">
          It was revoked, or the home server was set up anew. Your agents and their files are not affected.
        </Banner>
        <section class="panel stack">
          <p class="dim">At home, type</p>
          <Slab label="Command to type at home" prompt>
            afield pair
          </Slab>
          <p class="dim">and scan the code it draws.</p>
          <a class="btn btn-main btn-wide" href={PAIR}>
            Pair again
          </a>
          <button type="button" class="btn btn-quiet btn-wide" onClick={() => home.retry()}>
            Try the old pairing once more
          </button>
          <button type="button" class="btn btn-deny btn-wide" onClick={() => setAsking(true)}>
            Forget this home
          </button>
        </section>
        {seen !== null && <p class="meta">Home was last seen {lastSeen(seen, Date.now())}.</p>}
      </div>
      {asking && (
        <Confirm title="Forget this home?" confirm="Forget it" danger onClose={() => setAsking(false)} onConfirm={() => void app.forget()}>
          The keys and the last known list are removed from this device. Nothing changes at home.
        </Confirm>
      )}
    </Page>
  );
}
