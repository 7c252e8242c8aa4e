import type { Attachment } from '@afield/shared/api/chat.ts';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';

/** What was given with a prompt, as it is drawn: at home under an id, or still with this device. */
export interface GivenFile {
  name: string;
  media_type: string;
  size_bytes: number;
  source: { id: string } | { base64: string };
}

/** `gone`: home has it no more. `offline`: home cannot be asked. */
export type GivenFault = 'gone' | 'offline' | 'failed';

/** What can be done with given files. */
export interface GivenWays {
  /** Home can be asked. */
  live: boolean;
  /** Never rejects. `wanted`: asked again while it comes. */
  get(source: GivenFile['source'], wanted: () => boolean): Promise<{ bytes: Uint8Array<ArrayBuffer> } | { fault: GivenFault }>;
  save(name: string, bytes: Uint8Array<ArrayBuffer>): void;
  /** Shows a picture as large as it goes. */
  open(file: GivenFile): void;
}

export const GivenContext = createContext<GivenWays | null>(null);

export function useGivenWays(): GivenWays {
  const ways = useContext(GivenContext);
  if (ways === null) throw new Error('A given file is drawn outside of a chat.');
  return ways;
}

export const atHome = ({ id, name, media_type, size_bytes }: Attachment): GivenFile => ({ name, media_type, size_bytes, source: { id } });

export const onDevice = ({ name, media_type, base64 }: { name: string; media_type: string; base64: string }): GivenFile => ({
  name,
  media_type,
  size_bytes: Math.floor((base64.length * 3) / 4),
  source: { base64 },
});

/** What every browser draws as a still or moving picture and nothing else: never SVG, which is a document. */
const PICTURES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

export const isPicture = ({ media_type }: Pick<GivenFile, 'media_type'>): boolean => PICTURES.has(media_type);
