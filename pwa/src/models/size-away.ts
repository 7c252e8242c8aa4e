/** A page that is put away for longer gives the size back, in ms: a phone that is locked soon stops running it. */
const AWAY_MS = 2000;

export interface SizeAwayDeps {
  watchVisible(listener: (visible: boolean) => void): () => void;
  later(run: () => void, ms: number): () => void;
  /** Whether this device decides the size now; and whether nobody does. */
  holds(): boolean;
  free(): boolean;
  giveBack(): void;
  take(): void;
}

/** Out of sight this device leaves the size to whoever looks; back again it takes it where nobody else has. Returns how to stop. */
export function watchSizeAway({ watchVisible, later, holds, free, giveBack, take }: SizeAwayDeps): () => void {
  let gave = false;
  let leaving = () => {};
  const unwatch = watchVisible((visible) => {
    leaving();
    leaving = () => {};
    if (!visible)
      leaving = later(() => {
        gave = holds();
        if (gave) giveBack();
      }, AWAY_MS);
    else if (gave) {
      gave = false;
      if (free()) take();
    }
  });
  return () => {
    unwatch();
    leaving();
  };
}
