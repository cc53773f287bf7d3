import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { detectLanguage, isForeignToEnglish, questionLanguage } from './detect-language.ts';
import { STEMMED_LANGUAGES } from './stemmer.ts';

/** The same two sentences in every language that has a stemmer and that the detector knows. */
const TEXTS: Readonly<Record<string, string>> = {
  ar: 'يتم نسخ قاعدة البيانات احتياطيا كل ليلة. يجب على الموظفين تقديم طلب الإجازة قبل أربعة أسابيع.',
  ca: 'La còpia de seguretat de la base de dades es fa cada nit. Els empleats han de demanar les vacances quatre setmanes abans.',
  cs: 'Záloha databáze se provádí každou noc. Zaměstnanci musí požádat o dovolenou čtyři týdny předem.',
  da: 'Sikkerhedskopien af databasen laves hver nat. Medarbejderne skal søge om ferie fire uger i forvejen.',
  de: 'Die Sicherung der Datenbank läuft jede Nacht. Die Mitarbeiter müssen ihren Urlaub vier Wochen vorher beantragen.',
  en: 'The backup of the database runs every night. Employees have to ask for their holidays four weeks before.',
  es: 'La copia de seguridad de la base de datos se hace cada noche. Los empleados deben pedir las vacaciones cuatro semanas antes.',
  eu: 'Datu-basearen segurtasun kopia gauero egiten da. Langileek oporrak lau aste lehenago eskatu behar dituzte.',
  fi: 'Tietokannan varmuuskopio tehdään joka yö. Työntekijöiden on haettava lomaa neljä viikkoa etukäteen.',
  fr: 'La sauvegarde de la base de données se fait chaque nuit. Les employés doivent demander leurs congés quatre semaines avant.',
  hu: 'Az adatbázis biztonsági mentése minden éjjel elkészül. A dolgozóknak négy héttel előbb kell szabadságot kérniük.',
  hy: 'Տվյալների բազայի պահուստավորումը կատարվում է ամեն գիշեր։ Աշխատակիցները պետք է դիմեն չորս շաբաթ առաջ։',
  it: 'Il salvataggio della base di dati si fa ogni notte. I dipendenti devono chiedere le ferie quattro settimane prima.',
  nl: 'De reservekopie van de gegevensbank wordt elke nacht gemaakt. Werknemers moeten hun vakantie vier weken van tevoren aanvragen.',
  no: 'Sikkerhetskopien av databasen lages hver natt. De ansatte må søke om ferie fire uker på forhånd, ikke etterpå.',
  pt: 'A cópia de segurança da base de dados é feita todas as noites. Os funcionários devem pedir as férias quatro semanas antes.',
  ro: 'Copia de siguranță a bazei de date se face în fiecare noapte. Angajații trebuie să ceară concediul cu patru săptămâni înainte.',
  ru: 'Резервная копия базы данных создаётся каждую ночь. Сотрудники должны просить отпуск за четыре недели.',
  sl: 'Varnostna kopija podatkovne zbirke se izdela vsako noč. Zaposleni morajo za dopust zaprositi štiri tedne prej.',
  sv: 'Säkerhetskopian av databasen görs varje natt. De anställda måste söka semester fyra veckor i förväg.',
  ta: 'தரவுத்தளத்தின் காப்பு ஒவ்வொரு இரவும் எடுக்கப்படுகிறது. ஊழியர்கள் நான்கு வாரங்களுக்கு முன்பே விடுப்பு கேட்க வேண்டும்.',
  tr: 'Veritabanının yedeği her gece alınır. Çalışanlar izinlerini dört hafta önceden istemek zorundadır.',
};
/** Irish is analysed where a document or a collection names it; the detector does not know it. */
const UNDETECTED = ['ga'];

describe('the language of a text', () => {
  for (const [language, text] of Object.entries(TEXTS))
    it(`is detected: ${language}`, () => assert.equal(detectLanguage(text), language));

  it('is detected for every language that has a stemmer', () => {
    assert.deepEqual([...Object.keys(TEXTS), ...UNDETECTED].toSorted(), [...STEMMED_LANGUAGES].toSorted());
  });

  for (const [language, text] of [
    ['zh', '备份'],
    ['zh', '使用 Kubernetes 1.30 部署服务'],
    ['zh', '品牌「の」字是日文，本段其余文字都是中文，所以仍然是中文。'],
    ['ja', '鍵をなくした'],
    ['ja', 'サーバー'],
    ['ko', '백업은 언제?'],
    ['th', 'สำรอง'],
    ['el', 'αντίγραφο ασφαλείας'],
    ['he', 'גיבוי'],
  ] as const)
    it(`is told by its letters, however short it is: ${text}`, () => {
      assert.equal(detectLanguage(text), language);
    });

  it('is not told by a foreign name in a text', () => {
    assert.equal(
      detectLanguage('The word 鍵 means key, and the word 車 means car in this long sentence.'),
      'en',
    );
  });

  it('is not guessed for a few words of letters that many languages share', () => {
    for (const text of ['', '12.5 %', 'backup', 'Kopie der Datenbank', 'копия'])
      assert.equal(detectLanguage(text), null);
  });
});

describe('the language of a question', () => {
  const LANGUAGES = ['en', 'de', 'es', 'ja', 'fi'];

  for (const [language, question] of [
    ['de', 'Wie lange werden Sicherungen aufbewahrt?'],
    ['en', 'How long are backups kept?'],
    ['es', '¿Cuánto tiempo se guardan las copias?'],
    ['ja', '何日間ですか'],
    ['fi', 'Kuinka kauan varmuuskopioita säilytetään?'],
  ] as const)
    it(`is one of those of the collection: ${question}`, () => {
      assert.equal(questionLanguage(question, LANGUAGES), language);
    });

  it('is unknown for a few words, and for a script that the collection does not have', () => {
    for (const question of ['backup', 'Kubernetes', '백업은 언제?', ''])
      assert.equal(questionLanguage(question, LANGUAGES), null);
  });

  it('is unknown where two languages are as likely', () => {
    assert.equal(questionLanguage('Hvor kan vi parkere?', ['da', 'no', 'sv']), null);
  });
});

it('tells a text that is foreign to English, and doubts in favour of English', () => {
  for (const text of [
    'Wo sammelt man sich bei einem Feuer?',
    '何日間ですか',
    'копия базы данных каждую ночь',
  ])
    assert.equal(isForeignToEnglish(text), true, text);
  for (const text of ['Where do we meet?', 'reset password', 'HTTP 503', 'Zürich', 'Kopie', ''])
    assert.equal(isForeignToEnglish(text), false, text);
});
