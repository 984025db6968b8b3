//! Words as they are compared: their stems, which mean the same, and which carry no meaning.

/// A word as it is compared: its stem, or one that stands for all that mean the same in questions.
pub(super) fn meaning(word: &str) -> String {
    let stem = stem(word);
    match SYNONYMS.iter().find(|group| group.contains(&&*stem)) {
        Some(group) => group[0].to_owned(),
        None => stem,
    }
}

/// Stems that ask for the same, whatever else they mean.
#[rustfmt::skip]
const SYNONYMS: &[&[&str]] = &[
    &["tag", "flag", "mark", "label", "classify", "classifi", "class", "declar", "annotat", "categoris", "categoriz"],
    &["affect", "impact", "hit", "hurt", "break", "fail", "suffer", "harm", "damag", "broken", "concern"],
    &["us", "consum", "leverag", "employ", "utilis", "utiliz", "exploit"],
    &["depend", "rely", "rest", "hing"],
    &["feed", "supply", "suppli", "fuel"],
    &["flow", "go", "travel", "end", "land", "arriv", "propagat"],
    &["contain", "includ", "hold", "compris", "consist", "carry", "carri"],
    &["drop", "remov", "delet", "chang", "alter", "modify", "modifi", "renam", "retir", "kill", "disappear", "vanish", "deprecat"],
    &["outag", "down", "unavailabl", "offlin", "failur"],
    &["trac", "walk", "track"],
    &["chain", "depth", "transitiv", "distanc", "hop", "indirect", "level", "recursiv"],
    &["own", "maintain", "owner", "ownership"],
    &["responsibl", "charg", "accountabl", "care"],
    &["serv", "deploy", "host", "liv", "expos"],
    &["writ", "fill", "populat", "load", "produc", "creat", "generat", "writer", "producer", "output"],
    &["read", "query", "queri", "scan", "ingest"],
    &["comput", "calculat", "deriv", "deduc"],
    &["monitor", "watch", "observ", "alert", "cover", "guard", "track", "eye"],
    &["runbook", "playbook", "instruction"],
    &["document", "documentation", "doc", "describ"],
    &["trigger", "start", "kick", "launch", "fir", "initiat"],
    &["schedul", "cron", "tim"],
    &["personal", "pii", "privat", "sensitiv", "gdpr"],
    &["sourc", "parent", "origin", "input", "ingredient"],
    &["dependent", "dependant", "descendant", "child", "children"],
    &["dependency", "dependenci", "prerequisit"],
    &["member", "memb"],
    &["imag", "container"],
    &["path", "rout", "way", "connection", "link", "connect", "lineag"],
    &["attach", "associat", "relat", "regist", "exist", "record", "set", "defin", "configur"],
    &["minimum", "min", "low", "lower", "minimal"],
    &["maximum", "max", "upper", "maximal"],
    &["replica", "instanc", "pod"],
    &["gpu", "accelerator", "graphic", "cuda"],
    &["suspend", "paus", "halt"],
    &["retention", "retain"],
];

/// What is left of a word without its endings. Only for comparing words with each other.
pub(super) fn stem(word: &str) -> String {
    let word = word.to_lowercase();
    if let Some((_, base)) = IRREGULAR.iter().find(|(form, _)| *form == word) {
        return (*base).to_owned();
    }
    let mut stem = word.as_str();
    for (ending, least) in [
        ("ies", 2),
        ("ing", 3),
        ("ed", 3),
        ("ly", 4),
        ("es", 3),
        ("s", 3),
    ] {
        if let Some(rest) = stem.strip_suffix(ending)
            && rest.chars().count() >= least
            && !(ending == "s" && rest.ends_with(['s', 'u', 'i']))
        {
            if ending == "ies" {
                return format!("{rest}y");
            }
            stem = rest;
            break;
        }
    }
    let characters: Vec<char> = stem.chars().collect();
    if let [.., before, last] = characters[..]
        && before == last
        && characters.len() > 3
        && !matches!(last, 's' | 'l' | 'e')
    {
        return characters[..characters.len() - 1].iter().collect();
    }
    if characters.len() > 3 {
        return stem.strip_suffix('e').unwrap_or(stem).to_owned();
    }
    stem.to_owned()
}

const IRREGULAR: &[(&str, &str)] = &[
    ("written", "writ"),
    ("wrote", "writ"),
    ("built", "build"),
    ("fed", "feed"),
    ("ran", "run"),
    ("made", "mak"),
    ("kept", "keep"),
    ("went", "go"),
    ("goes", "go"),
    ("gone", "go"),
    ("broke", "break"),
    ("broken", "break"),
    ("held", "hold"),
    ("sat", "sit"),
    ("driven", "driv"),
    ("drove", "driv"),
    ("taken", "tak"),
    ("took", "tak"),
    ("drawn", "draw"),
    ("shown", "show"),
    ("given", "giv"),
    ("gave", "giv"),
    ("got", "get"),
    ("came", "com"),
    ("people", "person"),
    ("lost", "los"),
    ("has", "hav"),
    ("had", "hav"),
    ("does", "do"),
    ("did", "do"),
    ("is", "be"),
    ("are", "be"),
    ("was", "be"),
    ("were", "be"),
    ("been", "be"),
    ("being", "be"),
    ("am", "be"),
    ("less", "less"),
    ("uses", "us"),
    ("used", "us"),
    ("fell", "fall"),
    ("sends", "send"),
    ("sent", "send"),
    ("paid", "pay"),
    ("ties", "ti"),
    ("tied", "ti"),
    ("analyses", "analys"),
    ("indices", "index"),
];

/// Words that carry no meaning of their own in a question.
pub(super) fn is_function_word(text: &str) -> bool {
    FUNCTION.contains(&text) || text.chars().count() < 2
}

#[rustfmt::skip]
const FUNCTION: &[&str] = &[
    "a", "an", "the", "this", "that", "these", "those", "is", "are", "was", "were", "be", "been", "being", "am", "do", "does", "did",
    "has", "have", "had", "having", "will", "would", "shall", "should", "can", "could", "may", "might", "must", "of", "in", "on", "at", "to",
    "for", "from", "by", "with", "about", "as", "into", "onto", "and", "or", "but", "if", "then", "so", "also", "too", "just", "please",
    "i", "me", "my", "we", "us", "our", "you", "your", "it", "its", "they", "them", "their", "he", "she", "his", "her", "one", "ones",
    "which", "what", "who", "whom", "where", "when", "how", "there", "here", "any", "some", "give", "show", "list", "tell",
    "find", "like", "know", "let", "see", "kindly", "kind", "name", "names", "hi", "hello", "hey", "thanks", "thank", "'s", "s", "d", "ll",
    "re", "ve", "m", "i.e.", "e.g.", "ie", "eg", "etc", "display", "fetch", "return", "look", "up", "out", "now", "currently",
    "exactly", "actually", "really", "still", "possible", "trying", "wondering", "wonder", "looking", "asked", "asking", "question", "quick", "quickly",
    "today", "right", "moment", "yes", "ok", "okay", "well", "say", "such", "other", "own", "both", "us", "out", "off", "over", "again", "via",
    "each", "every", "all", "not", "no", "than", "through", "between", "whether", "while", "because", "since", "full", "complete", "whole", "entire",
];
