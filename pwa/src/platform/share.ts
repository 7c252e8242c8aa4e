/** Hands a text file to the system's share sheet, or downloads it where there is none. False when the person changed their mind. */
export async function shareText(name: string, text: string): Promise<boolean> {
  const file = new File([text], name, { type: 'text/plain' });
  if (navigator.canShare?.({ files: [file] })) {
    try {
      await navigator.share({ files: [file] });
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return false;
      // sharing was refused after all: the download below needs no permission
    }
  }
  download(file, name);
  return true;
}

/** Downloads bytes that somebody gave, as octets: no browser opens or runs them, whatever their name says. */
export function saveFile(name: string, bytes: Uint8Array<ArrayBuffer>): void {
  download(new Blob([bytes], { type: 'application/octet-stream' }), safeFileName(name));
}

function download(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has taken its own reference by the next turn of the loop.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

const MAX_NAME = 120;

/** A name that is one, on any system: no path, no sign that cannot be seen or turns the direction of reading, no hidden file. */
export function safeFileName(name: string): string {
  const plain = name
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replace(/[\\/:*?"<>|]/g, '-')
    .replace(/^[\s.-]+|[\s.]+$/g, '');
  const ending = /\.[\p{L}\p{N}]{1,10}$/u.exec(plain)?.[0] ?? '';
  const cut = plain.length <= MAX_NAME ? plain : plain.slice(0, MAX_NAME - ending.length) + ending;
  return cut === '' ? 'file' : cut;
}
