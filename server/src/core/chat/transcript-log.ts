/** What the log of a session gets of its chat, so that it is found by its words. */
import type { ChatItem } from '@afield/shared/api/chat.ts';
import type { LogType } from '@afield/shared/api/logs.ts';
import { head, MAX, tail } from './bounds.ts';

export interface LoggedItem {
  type: LogType;
  text: string;
  detail: Record<string, unknown>;
}

/** Null: the log has nothing of it. */
export function logItem(item: ChatItem): LoggedItem | null {
  switch (item.kind) {
    case 'message':
      if (item.role === 'user') {
        const detail = { characters: item.text.length, ...(item.prompt_id === null ? {} : { prompt_id: item.prompt_id }) };
        return { type: 'input', text: head(item.text, MAX.logged), detail };
      }
      return { type: 'message', text: head(item.text, MAX.logged), detail: { state: item.state } };
    case 'thought':
      return { type: 'message', text: head(item.text, MAX.logged), detail: { thought: true } };
    case 'tool': {
      const words = [`${item.name} ${item.title}`.trim(), item.input ?? '', tail(item.output, MAX.logged / 2)];
      const text = words.filter((part) => part !== '').join('\n');
      return { type: 'tool', text: head(text, MAX.logged), detail: { state: item.state, tool_kind: item.tool_kind } };
    }
    case 'plan':
      return { type: 'message', text: head(item.steps.map(({ text }) => text).join('\n'), MAX.logged), detail: { plan: true } };
    case 'notice':
      return { type: 'system', text: item.text, detail: { level: item.level } };
    case 'approval':
      // Whoever answers logs it.
      return null;
  }
}
