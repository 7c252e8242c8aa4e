/** Null when the browser refuses or has no clipboard (the person then pastes by hand). */
export async function readClipboard(): Promise<string | null> {
  try {
    return (await navigator.clipboard?.readText()) ?? null;
  } catch {
    return null; // not allowed: the field beside the button still takes a paste
  }
}

/** False when the browser refuses. */
export async function writeClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or no secure context: the caller says so
  }
}
