import { german } from 'swapstream/core'
import type { Language } from './language.ts'

export const de: Language = {
  texts: german,
  title: 'Gespräch',
  newChat: 'Neu beginnen',
  welcome: 'Worüber sprechen wir?',
  topics: [
    'Erkläre, wie ein Server Ereignisse sendet',
    'Schreibe ein Haiku über Geduld',
    'Plane ein Wochenende in Lissabon',
  ],
  script: {
    name: 'ein Skript, kein Modell',
    questions: ['Wer bist du?', 'Zeig mir Code', 'Schreib etwas Langes', 'Bitte scheitern'],
    asksFor: { code: 'code', long: 'lang', failure: 'scheiter' },
    whoAmI: `Ich bin **ein Skript**, kein Modell: Ich sage, was in \`examples/chat/languages/de.ts\` steht. Fragen Sie nach:

- *Code*: ein farbiges Beispiel und eine Tabelle
- etwas *Langem*: scrollen Sie, während es entsteht, laden Sie neu, halten Sie an
- einem *Scheitern*: der Text bleibt, und „Erneut versuchen“ fragt noch einmal
- etwas anderem: dann wiederhole ich, was Sie vorher gefragt haben

Starten Sie mit \`MODEL=provider:model\`, dann antwortet ein Modell.`,
    code: `So sieht eine Route aus, die streamt:

\`\`\`ts
import { EventStream, streamToFragments } from 'swapstream'

// Das Formular bestimmt, wo die Antwort landet.
app.post('/chat', async (c) => {
  const { prompt } = await c.req.parseBody()
  return new EventStream(({ signal }) =>
    streamToFragments(ask(String(prompt), signal), 'chat.html', 'response'),
  )
})
\`\`\`

Der Block \`response\` aus **chat.html** wird neu gerendert, während der Text wächst. Gesendet wird nur, was sich geändert hat:

| Frame | Inhalt |
|---|---|
| der erste | der ganze Block |
| die mittleren | was sich geändert hat |
| der letzte | was sich geändert hat, und das Entfernen von Hilfselementen |
`,
    line: 'Scrollen Sie nach oben, während dies entsteht: Die Seite bleibt, wo Sie sind, und wächst unten weiter. Am Ende folgt sie.',
    breaksOff:
      'Diese Antwort bricht in der Mitte ab. Was geschrieben ist, bleibt stehen, darunter ein Knopf, und wenn Sie ihn drücken',
    secondTry:
      'Der zweite Versuch gelingt. Der erste ist verschwunden: Eine Frage wird zweimal gestellt und steht hier einmal.',
    remembers: (count, first) =>
      `Davor haben Sie ${count === 1 ? 'eine Frage' : `${count} Fragen`} gestellt, zuerst: „${first}“. Mehr kann ich nicht: Ich bin ein Skript. Starten Sie mit \`MODEL=provider:model\`, dann antwortet ein Modell.`,
  },
}
