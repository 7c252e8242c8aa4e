import { useEffect, useRef, useState } from 'preact/hooks';
import { FaultLine } from '../ui/fault-line.tsx';
import { useApp } from './app-context.ts';

/** The camera's picture while a code is looked for. Stops with the screen. */
export function ScanView({ onText, onClose }: { onText(text: string): void; onClose(): void }) {
  const app = useApp();
  const video = useRef<HTMLVideoElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    const element = video.current;
    if (element === null) return;
    let gone = false;
    let stop: (() => void) | null = null;
    app
      .scan(element, (text) => !gone && onText(text))
      .then(
        (end) => {
          stop = end;
          if (gone) end();
        },
        (error: unknown) => setFault(error instanceof Error ? error.message : String(error)),
      );
    return () => {
      gone = true;
      stop?.();
    };
    // one camera for as long as the view stands
  }, []);
  if (fault !== null) return <FaultLine text={fault} />;
  return (
    <div class="scan">
      <video ref={video} class="scan-video" muted playsInline aria-label="Camera picture: point it at the code at home" />
      <button type="button" class="btn btn-line btn-wide" onClick={onClose}>
        Stop the camera
      </button>
    </div>
  );
}
