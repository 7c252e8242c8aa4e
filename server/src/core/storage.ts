/** Whether the disk takes what is written: told by whoever writes, heard by whoever must stop. */
export interface Disk {
  /** False: nothing new is kept until there is room. */
  readonly writing: boolean;
  /** A write failed. True when the disk is to blame: then everybody has been told. */
  failed(error: unknown): boolean;
  /** So many bytes were written. */
  wrote(bytes: number): void;
  /** Returns the unsubscribe. */
  onChange(handler: (writing: boolean) => void): () => void;
}
