import type { Agent } from '@afield/shared/api/agents.ts';
import { Command } from '../ui/command.tsx';

/** The line below an agent's name: its faces, or how to install it. */
export function AgentFacts({ agent }: { agent: Agent }) {
  if (agent.installed) return <span class="meta">{agent.faces.join(' and ')}</span>;
  return (
    <span class="meta">
      not installed
      {agent.install !== null && (
        <>
          {' · at home, type '}
          <Command text={agent.install} />
        </>
      )}
    </span>
  );
}
