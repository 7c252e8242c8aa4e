import { describe, expect, it } from 'vitest';
import { commandWords } from './command-words.ts';

describe('a command cut into arguments', () => {
  it.each([
    ['docker exec -it box', ['docker', 'exec', '-it', 'box']],
    ['  kubectl   exec\tpod -- ', ['kubectl', 'exec', 'pod', '--']],
    [`sh -c "echo 'two words'"`, ['sh', '-c', "echo 'two words'"]],
    [`a 'b "c" \\d'`, ['a', 'b "c" \\d']],
    ['one\\ word "a\\"b"', ['one word', 'a"b']],
    [`empty ''`, ['empty', '']],
    ['$(id) `id` ; && *', ['$(id)', '`id`', ';', '&&', '*']],
    ['', []],
    ['open "quote', null],
    ['end \\', null],
  ])('%j', (line, words) => {
    expect(commandWords(line)).toEqual(words);
  });
});
