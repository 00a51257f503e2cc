using System.Runtime.CompilerServices;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What a declaration can reach by name. Every word of its text that names a declaration counts, also where it turns out to be a local name: too much
/// is safe, too little is not.
/// </summary>
internal static class DeclarationClosure
{
    // A declaration is parsed once and asked for its words by every model that reaches it, and in editors at every key that is pressed.
    private static readonly ConditionalWeakTable<Declaration, string[]> KnownWords = new();

    /// <summary>The symbols and all they reach, in order of first mention.</summary>
    public static IReadOnlyList<Symbol> Reach(ModuleScope scope, params IEnumerable<Symbol> starts)
    {
        var found = starts.ToList();
        var seen = new HashSet<Symbol>(found);
        for (var k = 0; k < found.Count; k++)
        {
            var symbol = found[k];
            foreach (var word in WordsOf(symbol.Syntax))
            {
                if (scope.Find(symbol.Namespace, word, symbol.IsLibrary) is { } other && seen.Add(other)) found.Add(other);
            }
        }
        return found;
    }

    /// <summary>The texts, without the library's, which is the same in every compilation.</summary>
    public static string TextOf(ModuleScope scope, Symbol start) =>
        string.Join("\n", Reach(scope, [start, .. CheckpointsOf(scope, start)]).Where(symbol => !symbol.IsLibrary).Select(symbol => $"{symbol.Namespace}|{symbol.Syntax.TokenText}"));

    // Other projects' names of a model's weights: the model does not know of them, but its class has them. Those of its family are among what it reaches.
    private static IEnumerable<Symbol> CheckpointsOf(ModuleScope scope, Symbol start)
    {
        if (start is not (ModelMemberSymbol or CallableSymbol { Kind: CallableKind.Model })) return [];
        var checkpoints = scope.UserSymbols.OfType<CheckpointSymbol>().ToArray();
        if (checkpoints.Length == 0) return [];
        var reached = new HashSet<Symbol>(Reach(scope, start));
        return checkpoints.Where(checkpoint => scope.Find(checkpoint.Namespace, checkpoint.Declaration.Model.Text, false) is { } model && reached.Contains(model));
    }

    /// <summary>The words of a declaration that can be names, each once.</summary>
    public static string[] WordsOf(Declaration declaration) => KnownWords.GetValue(declaration, one => Words(one.TokenText).Distinct().ToArray());

    /// <summary>The words of a text that can be names, each as often as it stands there.</summary>
    public static IEnumerable<string> Words(string text)
    {
        for (var k = 0; k < text.Length; k++)
        {
            if (!char.IsLetter(text[k]) && text[k] != '_') continue;
            var start = k;
            while (k < text.Length && (char.IsLetterOrDigit(text[k]) || text[k] == '_')) k++;
            yield return text.Substring(start, k - start);
        }
    }
}
