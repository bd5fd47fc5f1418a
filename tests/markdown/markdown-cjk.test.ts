import { describe, expect, test } from 'vitest'
import { markdown } from 'swapstream/markdown'
import { expectNothingTakenBack } from './markdown-steps.ts'

const md = markdown()

describe('emphasis in a text without blanks between words', () => {
  test.each([
    ['behind a full-width colon', '**注意：**请先备份。', '<strong>注意：</strong>请先备份。'],
    ['in full-width brackets', '请*（注意）*先', '请<em>（注意）</em>先'],
    ['in other brackets', '**【注意】**请', '<strong>【注意】</strong>请'],
    ['in curly quotes', '**“你好”**他说', '<strong>“你好”</strong>他说'],
    ['of a whole word', '請*注意*先', '請<em>注意</em>先'],
    ['in Japanese quotes', 'テスト**「引用」**です。', 'テスト<strong>「引用」</strong>です。'],
    ['behind a Japanese full stop', '**重要。**次に', '<strong>重要。</strong>次に'],
    ['in Korean', '한국어**강조(强調)**입니다', '한국어<strong>강조(强調)</strong>입니다'],
    ['of both kinds', '***注意：***请', '<em><strong>注意：</strong></em>请'],
    ['that strikes out', '~~旧：~~新', '<s>旧：</s>新'],
    ['of code', '请**`备份`**先', '请<strong><code>备份</code></strong>先'],
    ['beside a rare letter', '**𠮷：**野', '<strong>𠮷：</strong>野'],
    [
      'beside a letter with a selector',
      '葛\u{e0100}**（a）**b',
      '葛\u{e0100}<strong>（a）</strong>b',
    ],
    [
      'with a low line beside punctuation',
      '_注意：_请__（先）__备',
      '<em>注意：</em>请<strong>（先）</strong>备',
    ],
    ['not with a low line in a word', '请__先__备 调用__init__方法', '请__先__备 调用__init__方法'],
    ['in Thai', 'ที่**(นี่)**และ**“นั่น”**', 'ที่<strong>(นี่)</strong>และ<strong>“นั่น”</strong>'],
    ['around a link', '请**[链接](/a)：**先', '请<strong><a href="/a">链接</a>：</strong>先'],
    ['of a comma alone', 'これは**、**です', 'これは<strong>、</strong>です'],
    ['not beside a blank', '请** 注意：**先', '请** 注意：**先'],
    ['as ever in English', 'a**b.**c and *d.* e', 'a**b.**c and <em>d.</em> e'],
  ])('begins and ends %s', (_, text, html) => {
    expect(md.render(text).replaceAll(/ rel="[^"]*"/g, '')).toBe(`<p>${html}</p>\n`)
  })

  test.each([
    '__注意：__请先备份。',
    'ที่**(นี่)**และ',
    '**注意：**请先备份。',
    '请*（注意）*先*备份*。',
    'テスト**「引用」**です。',
    '한국어**강조(强調)**입니다',
    '~~旧：~~新',
    '- **注意：**请\n- 请**`备份`**先',
  ])('shows no mark while it grows: %s', (text) => {
    expectNothingTakenBack(md, text)
  })
})
