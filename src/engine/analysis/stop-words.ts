/** Words that are not indexed, by ISO 639-1 code. English: Lucene's 33. Others: the most common function words. */
const STOP_WORDS: Readonly<Record<string, string>> = {
  en: 'a an and are as at be but by for if in into is it no not of on or such that the their then there these they this to was will with',
  de: 'der die das den dem des ein eine einer eines einem einen und oder aber in im an am auf aus bei mit nach von vom zu zum zur für ist sind war wird werden nicht auch als es er sie wie dass',
  fr: 'le la les l un une des du de d et ou mais en au aux à dans par pour sur avec est sont ne pas ce cette ces il elle que qui se sa son ses',
  es: 'el la los las un una unos unas de del y o pero en a al por para con es son no que se su sus lo como más este esta',
  pt: 'o a os as um uma uns umas de do da dos das e ou mas em no na nos nas por para com é são não que se seu sua ao à como mais este esta',
  it: 'il lo la i gli le l un uno una di del della dei delle e o ma in nel nella a al alla da dal per con è sono non che si su come più questo questa',
  nl: 'de het een en of maar in op aan van voor met bij te is zijn was niet dat die dit ook als er om naar uit door',
};

/**
 * English words that a question uses to ask; dropped from queries, never from the index
 * (measured in docs/evaluation.md).
 */
const QUESTION_WORDS: Readonly<Record<string, string>> = {
  en: "what which who whom whose when where why how do does did doing done can could should would may might must shall i me my we us our you your he him his she her its them have has had having am were been being about any some there's what's how's please tell explain describe give show",
  de: 'was welche welcher welches wer wen wem wann wo warum wieso weshalb kann können soll sollte muss müssen ich mich mein wir uns unser man gibt tun',
  fr: 'quel quelle quels quelles quoi quand où pourquoi comment peut peux faut je me mon ma mes nous notre vous votre est-ce',
  es: 'qué cuál cuáles quién cuándo dónde cómo puede puedo debo hay yo me mi mis nosotros nuestro usted tu',
  pt: 'qual quais quem quando onde como porque pode posso devo há eu me meu minha nós nosso você seu',
  it: 'quale quali chi quando dove come perché può posso devo io mi mio noi nostro',
  nl: 'wat welke wie wanneer waar waarom hoe kan moet ik mijn wij ons onze je jouw',
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
