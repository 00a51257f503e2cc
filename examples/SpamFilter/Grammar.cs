namespace SpamFilter;

/// <summary>
/// Messages of a small grammar: [spam or not] greeting, a few clauses, goodbye. Both kinds use many of the same words, so that single words tell less than what stands beside them.
/// </summary>
internal static class Grammar
{
    private static readonly Dictionary<string, string[]> Rules = new()
    {
        ["ham"] = ["$hello $plan $bye", "$hello $question", "$news $plan", "$plan $bye", "$question $news", "$news $bye", "$hello $news $question"],
        ["hello"] = ["hi $name", "hey", "hello", "good morning $name", "sorry $name", "ok"],
        ["name"] = ["anna", "ben", "mum", "dear", "tom", "my friend"],
        ["plan"] = ["can we meet at $place $when", "i will be at $place $when", "call me when you are free", "i won the game $when so drinks are on me", "please claim your coat at $place", "the phone i ordered comes $when"],
        ["question"] = ["are you free $when ?", "did you win ?", "do you want to go to $place ?", "is the offer for the flat still good ?", "can you text me the number ?"],
        ["news"] = ["i got a prize at school", "the bus was late again", "i am at $place now", "my phone is dead", "lunch was great", "it costs # pounds only"],
        ["place"] = ["the station", "home", "work", "the pub", "school", "the shop"],
        ["when"] = ["tonight", "now", "at #", "tomorrow", "after work", "on sunday"],
        ["bye"] = ["see you", "love you", "thanks", "call me", "good night", "bye"],
        ["spam"] = ["$lure $act", "$lure $act $terms", "$name2 $lure $act", "$act $lure $terms"],
        ["name2"] = ["dear customer", "hi", "hello", "winner !", "urgent !", "good morning"],
        ["lure"] = ["you have won a prize of # pounds", "your phone wins a free offer", "a free game waits for you tonight", "you are chosen for a great prize", "someone loves you and wants your number", "win # pounds now"],
        ["act"] = ["call # now", "to claim text win to #", "claim your prize now call #", "text yes to #", "reply now to claim", "go to our shop and claim"],
        ["terms"] = ["costs # a text", "only today", "adults only", "# pounds a call", "to stop text no"],
    };

    /// <summary>So many messages, a fifth of them spam.</summary>
    public static IEnumerable<Message> Write(int count, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < count; i++)
        {
            var isSpam = random.Next(5) == 0;
            yield return new Message(Expand(isSpam ? "$spam" : "$ham", random), isSpam);
        }
    }

    private static string Expand(string text, Random random) => string.Join(' ', text.Split(' ').Select(word =>
        word == "#" ? random.Next(10, 10_000).ToString(System.Globalization.CultureInfo.InvariantCulture)
        : word[0] == '$' ? Expand(Rules[word[1..]][random.Next(Rules[word[1..]].Length)], random) : word));
}
