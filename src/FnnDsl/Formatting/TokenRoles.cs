using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Formatting;

/// <summary>Walks the tree of a file without errors and notes the roles of its tokens. Every span in it begins and ends with a token.</summary>
internal sealed class TokenRoles
{
    private readonly Token[] _tokens;
    private readonly TokenRole[] _roles;
    private readonly Dictionary<int, int> _byStart = [];
    private readonly Dictionary<int, int> _byEnd = [];

    private TokenRoles(Token[] tokens)
    {
        _tokens = tokens;
        _roles = new TokenRole[tokens.Length];
        for (var i = 0; i < tokens.Length; i++)
        {
            _byStart.Add(tokens[i].Span.Start, i);
            _byEnd.Add(tokens[i].Span.End, i);
        }
    }

    public static TokenRole[] Find(Token[] tokens, IReadOnlyList<int> declarationStarts, FileSyntax file)
    {
        var roles = new TokenRoles(tokens);
        foreach (var start in declarationStarts) roles._roles[start] = TokenRole.DeclarationWord;
        foreach (var node in file.Declarations.SelectMany(SyntaxChildren.AndSelf)) roles.Note(node);
        return roles._roles;
    }

    private int First(TextSpan span) => _byStart[span.Start];

    private int Behind(TextSpan span) => _byEnd[span.End] + 1;

    private void Attach(int index) => _roles[index] = TokenRole.Attached;

    private void Note(SyntaxNode node)
    {
        switch (node)
        {
            case CallableDeclaration callable:
                NoteParameterLists(callable);
                break;
            case TrainDeclaration { Config: not null } train:
                Attach(Behind(train.Name.Span));
                break;
            case TypeSyntax { Axes: not null } type:
                Attach(Behind(type.Element.Span));
                break;
            case CallExpression call:
                Attach(Behind(call.Callee.Span));
                break;
            case SubscriptExpression subscript:
                Attach(Behind(subscript.Target.Span));
                break;
            case IndexBindStatement bind:
                Attach(Behind(bind.Target.Span));
                break;
            case ReduceExpression reduce:
                // The bracket stands before the first index. (Where the reduction begins does not say: parentheses around it are in its span.)
                Attach(First(reduce.Indices[0].Span) - 1);
                break;
            case HaltForm or FixedPointForm:
                // until halt (, to fixed_point (
                Attach(First(node.Span) + 2);
                break;
            case LoraStatement:
                Attach(First(node.Span) + 1);
                break;
            case BudgetStatement { Unit: var unit } when unit.Text[0] is not ('e' or 'E' or '_'):
                // 2e3 would be one number.
                _roles[First(unit.Span)] = TokenRole.Unit;
                break;
            case TrainCall call:
                Attach(Behind(call.Train.Span));
                break;
            case DataSyntax { Choice: { } choice }:
                Attach(Behind(choice.Span));
                break;
            case CheckpointEntry entry:
                foreach (var part in entry.Parts) NoteHole(part.Span);
                if (entry.Rows is { } rows) Attach(First(rows.Span) - 1);
                break;
            case RangeSubscript range:
                NoteColons(range);
                break;
            case RepeatStatement { Path: { } path }:
                _roles[First(path.Span) - 1] = TokenRole.PathColon;
                break;
            case BinaryExpression binary:
                var index = First(binary.OperatorSpan);
                _roles[index] = IsTight(index, binary.Right) ? TokenRole.TightOperator : TokenRole.Operator;
                break;
        }
    }

    private void NoteParameterLists(CallableDeclaration callable)
    {
        var opening = Behind(callable.Name.Span);
        // A generate has networks between its name and its list.
        if (_tokens[opening].Kind != TokenKind.OpenParenthesis) return;
        Attach(opening);
        if (callable.Config is not { } config) return;
        var closing = config.Count == 0 ? opening + 1 : Behind(config[config.Count - 1].Span);
        _roles[closing + 1] = TokenRole.SecondList;
    }

    // blocks.{i}.weight
    private void NoteHole(TextSpan part)
    {
        var index = First(part);
        if (_tokens[index].Kind != TokenKind.OpenBrace) return;
        _roles[index] = TokenRole.HoleStart;
        while (++index < Behind(part)) _roles[index] = TokenRole.HoleRest;
    }

    // from:to:step, of which each may be missing
    private void NoteColons(RangeSubscript range)
    {
        var colon = range.From is null ? First(range.Span) : Behind(range.From.Span);
        _roles[colon] = TokenRole.SliceColon;
        var next = range.To is null ? colon + 1 : Behind(range.To.Span);
        if (next < Behind(range.Span)) _roles[next] = TokenRole.SliceColon;
    }

    // 4*d, d/heads, 2^i: a name or a number on each side, and no blank.
    private bool IsTight(int index, Expression right)
    {
        var (before, sign, after) = (_tokens[index - 1], _tokens[index], _tokens[index + 1]);
        return sign.Kind is TokenKind.Star or TokenKind.Slash or TokenKind.Caret
            && before.Span.End == sign.Span.Start && sign.Span.End == after.Span.Start
            && before.Kind is TokenKind.Name or TokenKind.Number && (index < 2 || _tokens[index - 2].Kind != TokenKind.Dot)
            && right is NameExpression or NumberExpression && right.Span == after.Span;
    }
}
