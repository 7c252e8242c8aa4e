import { useEffect, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { everySecond } from '../models/clock.ts';
import { MAX_LABEL_CHARS, type PairingOffer } from '../models/pairing.ts';
import { StepBand } from '../ui/band.tsx';
import { Banner } from '../ui/banner.tsx';
import { Facts } from '../ui/facts.tsx';
import { TextField } from '../ui/forms.tsx';
import { Icon } from '../ui/icons.tsx';
import { Slab, useTitle } from '../ui/page.tsx';
import { exact } from '../ui/printable.ts';
import { countdown } from '../ui/time.ts';
import { useApp } from './app-context.ts';
import { HOME } from './paths.ts';
import { ScanView } from './scan-view.tsx';

const STEPS = 3;

/** Pairing: a link, the server it names, the number that both ends show. Nothing is sent before the second step is answered. */
export function PairScreen() {
  const app = useApp();
  const step = app.pairing.step.value;
  useTitle('Pair');
  useEffect(() => {
    // A screen that goes dark between two ends that compare digits helps nobody.
    const awake = app.keepAwake();
    return () => void awake.then((release) => release());
  }, [app]);
  if (step === 'check') return <CheckStep />;
  const offer = app.pairing.offer.value;
  return step === 'server' && offer !== null ? <ServerStep offer={offer} /> : <LinkStep />;
}

type Way = 'choose' | 'scan' | 'paste';

function LinkStep() {
  const app = useApp();
  const [way, setWay] = useState<Way>('choose');
  const { pairing } = app;
  const paired = app.home.value !== null;
  return (
    <>
      <StepBand step={1} of={STEPS} title="Bring your agents along">
        Your coding agents work at home, you don’t have to.
      </StepBand>
      <main id="main" class="pair-main stack">
        {app.storageFault.value && (
          <Banner tone="fault" icon="alert" title="This browser keeps nothing here." role="alert">
            A private window or a setting blocks its storage, so a pairing would be lost at once. Open this page in a normal window.
          </Banner>
        )}
        {pairing.stopped.value && (
          <Banner tone="done" icon="shield" title="Stopped.">
            Nothing of that link is kept on this device. If digits differed, look at “afield devices” at home and revoke what you do not
            know.
          </Banner>
        )}
        {pairing.busy.value && (
          <p class="dim" role="status">
            Asking home about an unfinished pairing …
          </p>
        )}
        {pairing.error.value !== null && (
          <Banner tone="fault" icon="alert" title="That did not work." role="alert">
            {pairing.error.value}
          </Banner>
        )}
        {way === 'scan' && <ScanView onText={(text) => pairing.offerLink(text)} onClose={() => setWay('choose')} />}
        {way === 'paste' && <PasteForm />}
        {way === 'choose' && <Instructions />}
      </main>
      <div class="foot pair-foot">
        {way !== 'scan' && (
          <button type="button" class="btn btn-main btn-wide btn-tall" onClick={() => setWay('scan')}>
            <Icon name="qr" />
            Scan the code
          </button>
        )}
        {way !== 'paste' && (
          <button type="button" class="btn btn-quiet btn-wide" onClick={() => setWay('paste')}>
            Paste a link instead
          </button>
        )}
        {paired && (
          <a class="btn btn-quiet btn-wide" href={HOME}>
            Back to Home
          </a>
        )}
      </div>
    </>
  );
}

function Instructions() {
  return (
    <>
      <div>
        <p class="dim">At home, type</p>
        <Slab label="Command to type at home" prompt>
          afield pair
        </Slab>
      </div>
      <p class="dim">and point the camera at the code it draws. It is good for two minutes and one device.</p>
      <svg class="viewfinder" viewBox="0 0 220 220" aria-hidden="true">
        <path d="M12 52V26a14 14 0 0 1 14-14h26M168 12h26a14 14 0 0 1 14 14v26M208 168v26a14 14 0 0 1-14 14h-26M52 208H26a14 14 0 0 1-14-14v-26" />
        <path
          class="code"
          d="M56 56h36v36H56zM128 56h36v36h-36zM56 128h36v36H56zM70 70h8v8h-8zM142 70h8v8h-8zM70 142h8v8h-8zM110 58v18M110 92v18h-18M74 110H58M128 110h18v18M164 110v10M110 128v14h16M110 160v4M142 146v18M164 142v22"
        />
      </svg>
    </>
  );
}

function PasteForm() {
  const app = useApp();
  const [text, setText] = useState('');
  const [refused, setRefused] = useState(false);
  const paste = async () => {
    const clip = await app.pasteLink();
    setRefused(clip === null);
    if (clip !== null) {
      setText(clip);
      app.pairing.offerLink(clip);
    }
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        app.pairing.offerLink(text);
      }}
    >
      <TextField
        label="Pairing link"
        value={text}
        onInput={setText}
        rows={3}
        exact
        placeholder="https://…/#pair=v1.…"
        hint={
          refused
            ? 'This browser does not let the page read the clipboard: hold the field and choose Paste.'
            : 'From “afield pair” at home.'
        }
      />
      <div class="acts">
        <button type="button" class="btn btn-line grow" onClick={() => void paste()}>
          Paste
        </button>
        <button type="submit" class="btn btn-main grow" disabled={text.trim() === ''}>
          Go on
        </button>
      </div>
    </form>
  );
}

/** The fingerprint in groups of four, as it stands under the code at home. */
function Fingerprint({ groups }: { groups: readonly string[] }) {
  return (
    <p class="words">
      {groups.map((group, index) => (
        <span key={`${index}-${group}`}>{group}</span>
      ))}
    </p>
  );
}

function ServerStep({ offer }: { offer: PairingOffer }) {
  const { pairing } = useApp();
  const busy = pairing.busy.value;
  const left = offer.expires_at - everySecond.value;
  // a connection under way may still be answered
  const ended = left <= 0 && !busy;
  return (
    <>
      <StepBand step={2} of={STEPS} title="Is this your home server?">
        Nothing has been sent yet. Compare with the lines under the code at home.
      </StepBand>
      <main id="main" class="pair-main stack">
        {pairing.error.value !== null && (
          <Banner tone="fault" icon="alert" title="That did not work." role="alert">
            {pairing.error.value}
          </Banner>
        )}
        {ended && (
          <Banner tone="fault" icon="clock" title="This code has ended." role="alert">
            Run “afield pair” at home for a new one.
          </Banner>
        )}
        <section class="panel" aria-label="Fingerprint of the home server">
          <p class="meta words-title">Fingerprint of the home server</p>
          <Fingerprint groups={offer.fingerprint.split(/[\s-]+/)} />
        </section>
        <Facts
          items={[
            ['Through relay', exact(pairing.host.value)],
            ['Code ends in', left > 0 ? countdown(left) : 'it has ended'],
          ]}
        />
        <TextField
          label="This device will be called"
          value={pairing.label.value}
          maxLength={MAX_LABEL_CHARS}
          onInput={(text) => {
            pairing.label.value = text;
          }}
        />
        <p class="risk">
          <Icon name="shield" />
          The relay passes sealed bytes. It cannot read them, and it cannot pose as your home.
        </p>
      </main>
      <div class="foot pair-foot">
        {ended ? (
          <button type="button" class="btn btn-main btn-wide btn-tall" onClick={() => pairing.reset()}>
            Use another code
          </button>
        ) : (
          <>
            <button
              type="button"
              class="btn btn-main btn-wide btn-tall"
              disabled={busy || pairing.label.value.trim() === ''}
              onClick={() => void pairing.connect()}
            >
              {busy ? 'Connecting …' : 'They are the same, connect'}
            </button>
            <button type="button" class="btn btn-deny btn-wide" disabled={busy} onClick={() => pairing.stop()}>
              Not the same, stop
            </button>
          </>
        )}
      </div>
    </>
  );
}

function CheckStep() {
  const app = useApp();
  const location = useLocation();
  const digits = app.pairing.check.value ?? '';
  return (
    <>
      <StepBand step={3} of={STEPS} title="Same number at home?">
        Both ends worked it out for themselves from this connection.
      </StepBand>
      <main id="main" class="pair-main stack">
        <p class="digits" role="img" aria-label={`${[...digits.slice(0, 3)].join(' ')}, ${[...digits.slice(3)].join(' ')}`}>
          {[...digits].map((digit, index) => (
            <span key={`${index}${digit}`}>{digit}</span>
          ))}
        </p>
        <p class="dim">If home shows another number, somebody stands between. Stop, and pair again on your own network.</p>
        {app.pairing.softwareKey.value && (
          <Banner tone="run" icon="key" title="Software key.">
            This browser cannot lock the key into the phone’s hardware. Revoke this device at once if you lose it.
          </Banner>
        )}
      </main>
      <div class="foot pair-foot">
        <button
          type="button"
          class="btn btn-main btn-wide btn-tall"
          onClick={() => void app.confirmCheck().then(() => location.route(HOME, true))}
        >
          Same number, finish
        </button>
        <button type="button" class="btn btn-deny btn-wide" onClick={() => void app.rejectCheck()}>
          Different, stop
        </button>
      </div>
    </>
  );
}
