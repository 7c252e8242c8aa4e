import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

/**
 * A part of a screen that is loaded after the screen itself; until then nothing stands in its place. Unlike `lazy` it never holds the
 * screen back. What could not be loaded is tried again when it is next drawn.
 */
export function late<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null;
  let loading: Promise<void> | null = null;
  const begin = (): Promise<void> => {
    loading ??= load().then(
      (component) => {
        loaded = component;
      },
      () => {
        loading = null;
      },
    );
    return loading;
  };
  return function Late(props: P) {
    const [, redraw] = useState(0);
    useEffect(() => {
      if (loaded === null) void begin().then(() => redraw((count) => count + 1));
    }, []);
    const Loaded = loaded;
    return Loaded === null ? null : <Loaded {...props} />;
  };
}
