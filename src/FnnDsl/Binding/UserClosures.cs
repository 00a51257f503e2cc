using System.Runtime.CompilerServices;
using System.Text;
using FeedbackNN.Dsl.Syntax;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// The texts of what declarations reach, as <see cref="DeclarationClosure"/> finds it, for many declarations of one compilation: character by character, white space and comments included, so that
/// places in equal texts are equal too. The library, which is always the same and reaches no one else, is left out.
/// </summary>
internal sealed class UserClosures(ModuleScope scope)
{
    // A declaration is parsed once and asked for its words at every key that is pressed.
    private static readonly ConditionalWeakTable<Declaration, string[]> Words = new();

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

    private static DeclarationName NameOf(Symbol symbol) => new(symbol.Namespace, symbol.Name);

    private Symbol[] Direct(Symbol symbol)
    {
        if (_direct.TryGetValue(NameOf(symbol), out var known)) return known;
        var words = Words.GetValue(symbol.Syntax, declaration => DeclarationClosure.Words(declaration.TokenText).Distinct().ToArray());
        return _direct[NameOf(symbol)] = words.Select(word => scope.Find(symbol.Namespace, word, false)).OfType<Symbol>().Where(other => !other.IsLibrary).ToArray();
    }
}
