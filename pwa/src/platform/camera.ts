import { AfieldError } from '@afield/shared/errors.ts';

/** Larger than any pairing link; what is longer is not for us (security case E12). */
const MAX_CODE_CHARS = 2048;

/**
 * Reads QR codes from the camera into `video` until stopped. The reader is loaded with the first use. Each different text is given
 * once. Throws `unavailable` with what to do when there is no camera or it is not allowed.
 */
export async function scanCodes(video: HTMLVideoElement, onText: (text: string) => void): Promise<() => void> {
  const { default: QrScanner } = await import('qr-scanner');
  let last = '';
  const scanner = new QrScanner(
    video,
    ({ data }) => {
      if (data === last || data.length > MAX_CODE_CHARS) return;
      last = data;
      onText(data);
    },
    { preferredCamera: 'environment', returnDetailedScanResult: true, maxScansPerSecond: 10 },
  );
  try {
    await scanner.start();
  } catch (cause) {
    scanner.destroy();
    throw new AfieldError('unavailable', 'The camera cannot be used here. Allow it for this page, or paste the link instead.', { cause });
  }
  return () => scanner.destroy();
}
