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
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has taken its own reference by the next turn of the loop.
  setTimeout(() => URL.revokeObjectURL(url), 0);
  return true;
}
