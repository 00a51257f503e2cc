using System.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The texts of what declarations reach, as <see cref="DeclarationClosure"/> finds it, for many declarations of one compilation: character by character, white space and comments included, so that
/// places in equal texts are equal too. The library, which is always the same and reaches no one else, is left out.
/// </summary>
internal sealed class UserClosures(ModuleScope scope)
{
    private readonly Dictionary<DeclarationName, Symbol[]> _direct = [];

    /// <summary>The symbol and all it reaches, in order of first mention.</summary>
    public IReadOnlyList<Symbol> Reach(Symbol start)
    {
        var found = new List<Symbol> { start };
        var seen = new HashSet<DeclarationName> { NameOf(start) };
        for (var k = 0; k < found.Count; k++) found.AddRange(Direct(found[k]).Where(other => seen.Add(NameOf(other))));
        return found;
    }

    public string TextOf(Symbol start)
    {
        var text = new StringBuilder();
        foreach (var symbol in Reach(start))
        {
            var span = symbol.Syntax.Span;
            text.Append(symbol.Namespace).Append('|').Append(symbol.Source.Text, span.Start, span.Length).Append('\n');
        }
        return text.ToString();
    }

    private static DeclarationName NameOf(Symbol symbol) => new(symbol.Namespace, symbol.Key);

    private Symbol[] Direct(Symbol symbol)
    {
        if (_direct.TryGetValue(NameOf(symbol), out var known)) return known;
        return _direct[NameOf(symbol)] = DeclarationClosure.WordsOf(symbol.Syntax).Select(word => scope.Find(symbol.Namespace, word, false)).OfType<Symbol>().Where(other => !other.IsLibrary).ToArray();
    }
}
