using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Binding;

/// <summary>
/// What each name stood for while a declaration was bound, for editors. A layer is bound once for each use: the first one counts. Places are those in their declaration, so that notes stay right
/// when text above it changes. Ordinary builds have none of this (<see cref="ModuleScope.Notes"/> is null), so that it costs them nothing.
/// </summary>
internal sealed class BindingNotes
{
    // The operands themselves: they become text only where somebody asks.
    private readonly Dictionary<(bool IsLibrary, string Declaration, int Start), Operand> _operands = [];

    /// <summary>All notes, with where each name begins in its declaration.</summary>
    public IEnumerable<(bool IsLibrary, string Declaration, int Start, Operand Operand)> All =>
        _operands.Select(note => (note.Key.IsLibrary, note.Key.Declaration, note.Key.Start, note.Value));

    public void Add(Symbol symbol, TextSpan name, Operand operand)
    {
        var key = KeyOf(symbol, name.Start);
        if (operand is PoisonOperand || _operands.ContainsKey(key)) return;
        _operands.Add(key, operand);
    }

    /// <summary>What the name that begins at an offset of a declaration's file stood for; null where nothing was understood.</summary>
    public Operand? At(Symbol symbol, int start) => _operands.TryGetValue(KeyOf(symbol, start), out var operand) ? operand : null;

    private static (bool, string, int) KeyOf(Symbol symbol, int start) => (symbol.IsLibrary, symbol.FullName, start - symbol.Syntax.Span.Start);
}
