/** A first guess at what this device is called: `iPhone`, `Android phone`, `Firefox on Linux`. The person may change it. */
export function guessDeviceLabel(userAgent: string, maxTouchPoints = 0): string {
  if (/iPhone|iPod/.test(userAgent)) return 'iPhone';
  if (/iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return 'iPad';
  if (/Android/.test(userAgent)) return modelOf(userAgent) ?? (/Mobile/.test(userAgent) ? 'Android phone' : 'Android tablet');
  return `${browserOf(userAgent)} on ${systemOf(userAgent)}`;
}

/** The model in an Android user agent; newer browsers only say `K`. */
function modelOf(userAgent: string): string | null {
  const model = /Android [\d.]+; ([^;)]{2,40})\)/
    .exec(userAgent)?.[1]
    ?.replace(/ Build\/.*$/, '')
    .trim();
  return model === undefined || model.length < 2 ? null : model;
}

function browserOf(userAgent: string): string {
  if (/Edg\//.test(userAgent)) return 'Edge';
  if (/Firefox\//.test(userAgent)) return 'Firefox';
  if (/Chrom(e|ium)\//.test(userAgent)) return 'Chrome';
  return /Safari\//.test(userAgent) ? 'Safari' : 'Browser';
}

function systemOf(userAgent: string): string {
  if (/Windows/.test(userAgent)) return 'Windows';
  if (/Macintosh/.test(userAgent)) return 'macOS';
  if (/CrOS/.test(userAgent)) return 'ChromeOS';
  return /Linux/.test(userAgent) ? 'Linux' : 'a computer';
}
