/** Keeps the screen on until the returned function is called; where the browser cannot, nothing happens. */
export async function keepAwake(): Promise<() => void> {
  try {
    const lock = await navigator.wakeLock?.request('screen');
    return () => void lock?.release();
  } catch {
    return () => undefined; // battery saver says no: the screen goes dark as always
  }
}
