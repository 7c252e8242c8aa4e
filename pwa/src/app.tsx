import type { ComponentType } from 'preact';
import { useEffect } from 'preact/hooks';
import { LocationProvider, Route, Router, useLocation } from 'preact-iso';
import type { App } from './models/app.ts';
import { StorageAlarm } from './screens/alarms.tsx';
import { AppContext, useApp } from './screens/app-context.ts';
import { notFound, refused, screens } from './screens/list.ts';
import { PAIR } from './screens/paths.ts';
import { SideList } from './screens/side-list.tsx';
import { Toast } from './ui/toast.tsx';

/** The app around its models: context, addresses, panes. */
export function AppRoot({ app }: { app: App }) {
  return (
    <AppContext.Provider value={app}>
      <LocationProvider>
        <Shell />
      </LocationProvider>
    </AppContext.Provider>
  );
}

/** After a change of screen the focus goes to its heading, so that a screen reader starts there. Not with the very first screen. */
function focusHeading(): void {
  if (document.activeElement === null || document.activeElement === document.body || document.activeElement.closest('#main') === null) {
    document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }
  window.scrollTo(0, 0);
}

function Shell() {
  const app = useApp();
  const { path, route } = useLocation();
  const phase = app.phase.value;
  const wanted = app.wantedPath.value;
  useEffect(() => {
    if (wanted === null) return;
    app.arrived();
    if (wanted !== path) route(wanted);
  }, [wanted]);
  if (phase === 'loading') return null;
  const beside = app.wide.value && phase === 'paired' && path !== PAIR;
  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <div class={beside ? 'desk' : 'phone'}>
        {beside && <SideList />}
        <div class="pane">
          {phase === 'paired' && path !== PAIR && <StorageAlarm />}
          <Screens />
        </div>
      </div>
      <UpdateToast />
    </>
  );
}

function Screens() {
  return (
    <Router onLoadEnd={focusHeading}>
      {screens.map((screen) => (
        <Route key={screen.path} path={screen.path} component={screen.needsHome ? guarded(screen.component) : screen.component} />
      ))}
      <Route default component={notFound} />
    </Router>
  );
}

const guards = new Map<ComponentType, ComponentType>();

/** A screen that is drawn only with a home: without one the way leads to pairing, and a home that refused says so. */
function guarded(Screen: ComponentType): ComponentType {
  const known = guards.get(Screen);
  if (known !== undefined) return known;
  const Guard = () => {
    const app = useApp();
    const location = useLocation();
    const home = app.home.value;
    const elsewhere = home === null || app.checkOpen.value;
    useEffect(() => {
      if (elsewhere) location.route(PAIR, true);
    }, [elsewhere]);
    if (elsewhere) return null;
    if (home.refused.value) {
      const Refused = refused;
      return <Refused />;
    }
    return <Screen />;
  };
  guards.set(Screen, Guard);
  return Guard;
}

function UpdateToast() {
  const app = useApp();
  if (!app.updateWaiting.value) return null;
  return (
    <Toast
      icon="install"
      actions={
        <>
          <button type="button" class="act" onClick={() => app.applyUpdate()}>
            Reload now
          </button>
          <button type="button" class="act" onClick={() => app.laterUpdate()}>
            Later
          </button>
        </>
      }
    >
      A new version of Afield is ready. Your sessions go on at home meanwhile.
    </Toast>
  );
}
