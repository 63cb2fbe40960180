// Which sign does a TeX command stand for?

const readTable = (table: string) =>
  new Map(
    table
      .trim()
      .split(/\s+/)
      .map((pair) => {
        const cut = pair.indexOf(":");
        return [pair.slice(0, cut), pair.slice(cut + 1)] as const;
      }),
  );

/** Letters and signs that text and names use (arXiv help, "TeX accents in metadata", and LaTeX's own). */
export const textSigns = readTable(`
  o:ø O:Ø l:ł L:Ł ss:ß SS:ẞ ae:æ AE:Æ oe:œ OE:Œ aa:å AA:Å i:ı j:ȷ dh:ð DH:Ð eth:ð th:þ TH:Þ dj:đ DJ:Đ ng:ŋ NG:Ŋ
  S:§ P:¶ dag:† ddag:‡ copyright:© pounds:£ euro:€ texteuro:€ textregistered:® texttrademark:™ textcopyright:©
  textdegree:° degree:° textendash:– textemdash:— textquoteleft:‘ textquoteright:’ textquotedblleft:“ textquotedblright:”
  textquotesingle:' textbackslash:\\ textasciitilde:~ textasciicircum:^ textunderscore:_ textbar:| textless:< textgreater:>
  textbullet:• textellipsis:… textmu:µ textmicro:µ textpm:± texttimes:× textalpha:α textbeta:β ldots:… dots:… slash:/
  lq:‘ rq:’ TeX:TeX LaTeX:LaTeX BibTeX:BibTeX LaTeXe:LaTeX2ε guillemotleft:« guillemotright:» checkmark:✓ cmark:✓ xmark:✗
  eg:e.g. ie:i.e. cf:cf. vs:vs. etc:etc.
`);

/** Signs of mathematics that stand close to their neighbours. */
export const mathSigns = readTable(`
  alpha:α beta:β gamma:γ delta:δ epsilon:ϵ varepsilon:ε zeta:ζ eta:η theta:θ vartheta:ϑ iota:ι kappa:κ varkappa:ϰ lambda:λ
  mu:μ nu:ν xi:ξ omicron:ο pi:π varpi:ϖ rho:ρ varrho:ϱ sigma:σ varsigma:ς tau:τ upsilon:υ phi:ϕ varphi:φ chi:χ psi:ψ omega:ω
  Gamma:Γ Delta:Δ Theta:Θ Lambda:Λ Xi:Ξ Pi:Π Sigma:Σ Upsilon:Υ Phi:Φ Psi:Ψ Omega:Ω
  infty:∞ partial:∂ nabla:∇ hbar:ℏ ell:ℓ imath:ı jmath:ȷ Re:ℜ Im:ℑ aleph:ℵ wp:℘ emptyset:∅ varnothing:∅ forall:∀ exists:∃
  nexists:∄ neg:¬ lnot:¬ top:⊤ bot:⊥ angle:∠ triangle:△ square:□ Box:□ blacksquare:■ star:⋆ bigstar:★ ast:* prime:′ dagger:†
  ddagger:‡ degree:° circ:∘ bullet:• odot:⊙ sun:⊙ Sun:⊙ earth:⊕ sum:∑ prod:∏ coprod:∐ int:∫ iint:∬ oint:∮ bigcup:⋃ bigcap:⋂ bigoplus:⨁
  bigotimes:⨂ surd:√ langle:⟨ rangle:⟩ lfloor:⌊ rfloor:⌋ lceil:⌈ rceil:⌉ lbrace:{ rbrace:} lbrack:[ rbrack:] vert:| Vert:‖
  lvert:| rvert:| lVert:‖ rVert:‖ backslash:\\ colon:: cdots:⋯ dots:… dotsc:… dotsb:⋯ ldots:… vdots:⋮ ddots:⋱ AA:Å
  arcsec:″ arcmin:′ sharp:♯ flat:♭ natural:♮ clubsuit:♣ diamondsuit:♢ heartsuit:♡ spadesuit:♠ diamond:⋄ complement:∁ Bbbk:𝕜
  R:ℝ percent:% micro:µ mho:℧ eth:ð hslash:ℏ beth:ℶ gimel:ℷ digamma:ϝ
`);

/** Letters whose names stand in texts that lost their signs of math. */
export const greekNames = new Set(
  `alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi varphi chi psi
  omega nabla`.split(/\s+/),
);

/** Relations and operators: a space on either side, as a reader expects. */
export const mathOperators = readTable(`
  times:× cdot:· div:÷ pm:± mp:∓ oplus:⊕ ominus:⊖ otimes:⊗ wedge:∧ land:∧ vee:∨ lor:∨ cap:∩ cup:∪ setminus:∖ uplus:⊎ sqcup:⊔
  sqcap:⊓ le:≤ leq:≤ leqslant:≤ ge:≥ geq:≥ geqslant:≥ ll:≪ gg:≫ ne:≠ neq:≠ equiv:≡ sim:∼ simeq:≃ approx:≈ cong:≅ propto:∝
  varpropto:∝ lesssim:≲ gtrsim:≳ la:≲ ga:≳ lessapprox:⪅ gtrapprox:⪆ prec:≺ succ:≻ preceq:≼ succeq:≽ in:∈ notin:∉ ni:∋ subset:⊂
  subseteq:⊆ subsetneq:⊊ supset:⊃ supseteq:⊇ to:→ rightarrow:→ longrightarrow:→ leftarrow:← gets:← leftrightarrow:↔ mapsto:↦
  Rightarrow:⇒ Longrightarrow:⇒ implies:⇒ Leftarrow:⇐ Leftrightarrow:⇔ iff:⇔ uparrow:↑ downarrow:↓ Uparrow:⇑ Downarrow:⇓ nearrow:↗ searrow:↘
  updownarrow:↕ hookrightarrow:↪ rightharpoonup:⇀ rightleftharpoons:⇌ rightsquigarrow:⇝ leadsto:⇝ mid:| parallel:∥ nparallel:∦ perp:⊥
  vdash:⊢ dashv:⊣ models:⊨ vDash:⊨ asymp:≍ doteq:≐ triangleq:≜ coloneqq:≔ bowtie:⋈ smile:⌣ ltimes:⋉ rtimes:⋊ amalg:⨿ wr:≀
`);

/** Functions written as words. */
export const mathWords = new Set(
  `arccos arcsin arctan arg argmax argmin cos cosh cot coth csc deg det dim exp gcd hom inf ker lg lim liminf limsup ln log max
  min mod bmod Pr sec sin sinh sup tan tanh softmax poly polylog sign sgn tr Tr diag rank`.split(/\s+/),
);

/** Commands whose argument is the text. */
export const wrappers = new Set(
  `text textbf textit texttt textsc textrm textsf textsl textmd textup textnormal textnormalfont emph em bf mbox hbox fbox underline
  uline textsubscript uppercase lowercase mathrm mathbf mathit mathsf mathtt mathnormal mathcal mathscr mathfrak boldsymbol bm pmb
  operatorname mathop mathbin mathrel mathord mathit ensuremath centering protect url path nolinkurl citenum mathring overrightarrow
  overleftarrow underbrace overbrace widetext acs acp acl acf ac gls textquote enquote sout hl
  `
    .split(/\s+/)
    .filter(Boolean),
);

/** Commands that only change how things look or where lines break. */
export const silentCommands = new Set(
  `bf it em rm sc tt sl sf bfseries itshape scshape ttfamily rmfamily sffamily mdseries upshape normalfont cal displaystyle textstyle
  scriptstyle scriptscriptstyle left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle limits nolimits
  noindent par newline linebreak break newpage smallskip medskip bigskip hfill vfill small footnotesize scriptsize tiny large Large
  LARGE huge Huge normalsize boldmath unboldmath xspace relax nonumber notag sloppy allowbreak nobreak ignorespaces unskip leavevmode
  centering raggedright protect quad qquad space thinspace enspace enskip nobreakspace hspace null`.split(/\s+/),
);

/** Accents: the combining mark that follows the letter (Unicode 16, Combining Diacritical Marks). */
export const accents = new Map([
  ['"', "\u0308"],
  ["'", "\u0301"],
  ["`", "\u0300"],
  ["^", "\u0302"],
  ["~", "\u0303"],
  ["=", "\u0304"],
  [".", "\u0307"],
  ["u", "\u0306"],
  ["v", "\u030c"],
  ["H", "\u030b"],
  ["c", "\u0327"],
  ["k", "\u0328"],
  ["r", "\u030a"],
  ["d", "\u0323"],
  ["b", "\u0331"],
  ["t", "\u0361"],
  ["hat", "\u0302"],
  ["widehat", "\u0302"],
  ["tilde", "\u0303"],
  ["widetilde", "\u0303"],
  ["bar", "\u0304"],
  ["overline", "\u0305"],
  ["dot", "\u0307"],
  ["ddot", "\u0308"],
  ["vec", "\u20d7"],
  ["check", "\u030c"],
  ["breve", "\u0306"],
  ["acute", "\u0301"],
  ["grave", "\u0300"],
  ["mathring", "\u030a"],
]);

/** `\mathbb{R}`: the letters that have a sign of their own in the first plane, and the others of the second. */
export function doubleStruck(text: string): string {
  const own: Record<string, string> = { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" };
  return text.replace(/[A-Z01]/g, (letter) => {
    if (letter === "0" || letter === "1") return String.fromCodePoint(0x1d7d8 + Number(letter));
    return own[letter] ?? String.fromCodePoint(0x1d538 + letter.charCodeAt(0) - 65);
  });
}

const raised =
  "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺-⁻−⁻=⁼(⁽)⁾aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻAᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂαᵅβᵝγᵞδᵟθᶿ**††‡‡′′∗*";
const lowered = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊-₋−₋=₌(₍)₎aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨϕᵩφᵩχᵪ";
const pairs = (table: string) => {
  const letters = [...table];
  return new Map(
    letters.flatMap((letter, index) => (index % 2 === 0 ? [[letter, letters[index + 1] ?? ""] as const] : [])),
  );
};
export const superscripts = pairs(raised);
export const subscripts = pairs(lowered);
