/** Files that a person chooses, as they go to an agent. Pictures of a camera are made smaller here, and lose where they were taken. */

export interface ReadFile {
  name: string;
  media_type: string;
  base64: string;
  size_bytes: number;
  /** It was made smaller. */
  shrunk: boolean;
}

/** The longer side of a picture, in px: agents see no more of it. */
const MAX_SIDE = 2048;
const QUALITY = 0.85;
/** A drawn picture up to this size goes as it is. */
const MAX_AS_IS_BYTES = 1_500_000;
/** What browsers call a file by its ending, where they say nothing. */
const FALLBACK = 'application/octet-stream';
const MEDIA_TYPE = /^[a-z]+\/[a-z0-9.+-]+$/;
const CAMERA_TYPES = /^image\/(jpeg|png|webp|heic|heif|avif)$/;
const MAX_NAME = 200;

/** `type` of a file as home takes it. */
export function mediaTypeOf(type: string): string {
  const plain = (type.split(';', 1)[0] ?? '').trim().toLowerCase();
  return MEDIA_TYPE.test(plain) && plain.length <= 100 ? plain : FALLBACK;
}

/** `most`: bytes that it may have; a picture is made smaller, anything else is given as it is, and may have more. */
export async function readChatFile(file: File, most: number): Promise<ReadFile> {
  const name = file.name.slice(0, MAX_NAME) || 'file';
  const picture = CAMERA_TYPES.test(file.type) ? await smaller(file, most) : null;
  if (picture !== null) {
    return {
      name: name.replace(/\.[^.]*$/, '.jpg'),
      media_type: 'image/jpeg',
      base64: await base64Of(picture),
      size_bytes: picture.size,
      shrunk: true,
    };
  }
  // what is far too large is not read: its size is all that is needed to say so
  const base64 = file.size > most ? '' : await base64Of(file);
  return { name, media_type: mediaTypeOf(file.type), base64, size_bytes: file.size, shrunk: false };
}

/** Null: it is small enough as it is, or this browser cannot read it. */
async function smaller(file: Blob, most: number): Promise<Blob | null> {
  try {
    const bitmap = await createImageBitmap(file);
    const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
    // a camera writes down where it was; what a screen drew does not
    if (scale === 1 && file.size <= Math.min(most, MAX_AS_IS_BYTES) && !/jpeg|hei[cf]/.test(file.type)) return null;
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    return await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  } catch {
    return null; // not a picture that this browser knows: it goes as it is
  }
}

async function base64Of(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 32_768) text += String.fromCharCode(...bytes.subarray(at, at + 32_768));
  return btoa(text);
}
