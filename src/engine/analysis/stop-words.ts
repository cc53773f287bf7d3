/** Words that are not indexed, by ISO 639-1 code. English: Lucene's 33. Others: the most common function words. */
const STOP_WORDS: Readonly<Record<string, string>> = {
  en: 'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with',
  de: 'der die das den dem des ein eine einer eines einem einen und oder aber in im an am auf aus bei mit nach von vom zu zum zur für ist sind war wird werden nicht auch als es er sie wie dass',
  fr: 'le la les l un une des du de d et ou mais en au aux à dans par pour sur avec est sont ne pas ce cette ces il elle que qui se sa son ses',
  es: 'el la los las un una unos unas de del y o pero en a al por para con es son no que se su sus lo como más este esta',
  pt: 'o a os as um uma uns umas de do da dos das e ou mas em no na nos nas por para com é são não que se seu sua ao à como mais este esta',
  it: 'il lo la i gli le l un uno una di del della dei delle e o ma in nel nella a al alla da dal per con è sono non che si su come più questo questa',
  nl: 'de het een en of maar in op aan van voor met bij te is zijn was niet dat die dit ook als er om naar uit door',
  th: 'และ หรือ ของ ที่ ซึ่ง ใน บน กับ โดย จาก แก่ ต่อ เป็น คือ อยู่ มี ไม่ ให้ ได้ จะ ก็ ว่า แต่ แล้ว นี้ นั้น การ ความ',
};

/**
 * Words that a question uses to ask; dropped from queries, never from the index (English measured in
 * docs/evaluation.md). Chinese, Japanese and Korean: the pairs of characters that such words are cut into.
 */
const QUESTION_WORDS: Readonly<Record<string, string>> = {
  en: "what which who whom whose when where why how do does did doing done can could should would may might must shall i me my we us our you your he him his she her its them have has had having am were been being about any some there's what's how's please tell explain describe give show",
  de: 'was welche welcher welches wer wen wem wann wo warum wieso weshalb kann können soll sollte muss müssen ich mich mein wir uns unser man gibt tun',
  fr: 'quel quelle quels quelles quoi quand où pourquoi comment peut peux faut je me mon ma mes nous notre vous votre est-ce',
  es: 'qué cuál cuáles quién cuándo dónde cómo puede puedo debo hay yo me mi mis nosotros nuestro usted tu',
  pt: 'qual quais quem quando onde como porque pode posso devo há eu me meu minha nós nosso você seu',
  it: 'quale quali chi quando dove come perché può posso devo io mi mio noi nostro',
  nl: 'wat welke wie wanneer waar waarom hoe kan moet ik mijn wij ons onze je jouw',
  zh: '什么 么时 时候 時候 怎么 么办 怎样 哪里 哪儿 哪些 哪个 哪天 哪一 多少 多久 几点 几天 是否 如何 为什 为何 何时 可以 应该 能不 不能 请问 什麼 麼時 怎麼 麼辦 怎樣 哪裡 幾點 幾天 為什 為何 何時 應該 請問',
  ja: 'です すか ます ませ せん まし した でし しょ ょう うか いつ つで つま どこ こに こで どの どれ どう どん んな なに 何で 何を 何が 何の 何日 何時 何か だれ れが れに 誰が 誰に なぜ くだ ださ さい でき きま きる',
  ko: '나요 까요 니까 습니 합니 입니 언제 어디 디에 어떻 떻게 무엇 엇을 얼마 마나 누가 누구 인가 가요 하나 되나 어떤 어느 몇일 며칠 해야 있나 은가',
  th: 'อะไร เมื่อไร เมื่อไหร่ ไหน อย่างไร ยังไง ทำไม ใคร กี่ เท่าไร เท่าไหร่ ไหม มั้ย แค่ไหน ใด อย่าง ไร เมื่อ ต้อง ทำ เท่า ไหร่ ฉัน ผม เรา คุณ',
};

const sets = new Map<string, ReadonlySet<string>>();

function wordSet(
  kind: string,
  table: Readonly<Record<string, string>>,
  language: string,
): ReadonlySet<string> {
  const key = `${kind}:${language}`;
  let set = sets.get(key);
  if (set === undefined) {
    set = new Set((table[language] ?? '').split(' ').filter((word) => word !== ''));
    sets.set(key, set);
  }
  return set;
}

export function stopWords(language: string): ReadonlySet<string> {
  return wordSet('stop', STOP_WORDS, language);
}

export function questionWords(language: string): ReadonlySet<string> {
  return wordSet('question', QUESTION_WORDS, language);
}
