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
        foreach (var declaration in file.Declarations) roles.Visit(declaration);
        return roles._roles;
    }

    private int First(TextSpan span) => _byStart[span.Start];

    private int Behind(TextSpan span) => _byEnd[span.End] + 1;

    private void Attach(int index) => _roles[index] = TokenRole.Attached;

    // ---- Declarations ----------------------------------------------------------------------------------------------

    private void Visit(Declaration declaration)
    {
        switch (declaration)
        {
            case DimDeclaration dim:
                Visit(dim.Value);
                break;
            case ModelMemberDeclaration member:
                Visit(member.Family);
                break;
            case CallableDeclaration callable:
                VisitSignature(callable);
                foreach (var condition in callable.Where) Visit(condition);
                Visit(callable.Body);
                break;
            case TrainDeclaration train:
                Visit(train.Inputs);
                foreach (var condition in train.Where) Visit(condition);
                Visit(train.Body);
                break;
        }
    }

    private void VisitSignature(CallableDeclaration callable)
    {
        var opening = Behind(callable.Name.Span);
        Attach(opening);
        if (callable.Config is { } config)
        {
            Visit(config);
            var closing = config.Count == 0 ? opening + 1 : Behind(config[config.Count - 1].Span);
            _roles[closing + 1] = TokenRole.SecondList;
        }
        Visit(callable.Parameters);
        foreach (var result in callable.Results) Visit(result.Type);
    }

    private void Visit(EquatableArray<ParameterSyntax> parameters)
    {
        foreach (var parameter in parameters)
        {
            Visit(parameter.Type);
            Visit(parameter.Default);
        }
    }

    private void Visit(TypeSyntax type)
    {
        if (type.Axes is not { } axes) return;
        Attach(Behind(type.Element.Span));
        Visit(axes);
    }

    private void Visit(EquatableArray<AxisSyntax> axes)
    {
        foreach (var axis in axes) Visit((axis as SizeAxis)?.Size);
    }

    // ---- Statements ------------------------------------------------------------------------------------------------

    private void Visit(EquatableArray<Statement> statements)
    {
        foreach (var statement in statements) Visit(statement);
    }

    private void Visit(Statement statement)
    {
        switch (statement)
        {
            case BindStatement bind:
                Visit(bind.Value);
                break;
            case IndexBindStatement bind:
                Attach(Behind(bind.Target.Span));
                Visit(bind.Indices);
                Visit(bind.Value);
                break;
            case StorageStatement storage:
                Visit(storage.Type);
                Visit(storage.Initial);
                break;
            case UpdateStatement update:
                Visit(update.Value);
                break;
            case RepeatStatement repeat:
                Visit(repeat.Count);
                if (repeat.Path is { } path) _roles[First(path.Span) - 1] = TokenRole.PathColon;
                Visit(repeat.Body);
                break;
            case IfStatement branch:
                Visit(branch.Condition);
                Visit(branch.Then);
                Visit(branch.Else);
                break;
            case ReturnStatement result:
                foreach (var value in result.Values) Visit(value);
                break;
            case MinimizeStatement minimize:
                Visit(minimize.Loss);
                Visit(minimize.Optimizer);
                Visit(minimize.Every);
                break;
            case MetricStatement metric:
                Visit(metric.Value);
                break;
            case ClipStatement clip:
                Visit(clip.Limit);
                break;
            case EmitStatement emit:
                Visit(emit.Value);
                Visit(emit.Along);
                break;
            case FeedbackStatement feedback:
                VisitFeedback(feedback);
                break;
        }
    }

    private void VisitFeedback(FeedbackStatement feedback)
    {
        foreach (var state in feedback.States)
        {
            Visit(state.Type);
            Visit(state.Initial);
        }
        switch (feedback.Form)
        {
            case OverForm over:
                foreach (var source in over.Sources) Visit(source.Value);
                Visit(over.Axis);
                break;
            case TimesForm times:
                Visit(times.Count);
                break;
            case UntilForm until:
                Visit(until.Condition);
                Visit(until.AtMost);
                break;
            case HaltForm halt:
                // until halt (
                Attach(First(halt.Span) + 2);
                Visit(halt.Probability);
                Visit(halt.AtMost);
                break;
            case FixedPointForm fixedPoint:
                // to fixed_point (
                Attach(First(fixedPoint.Span) + 2);
                Visit(fixedPoint.Arguments);
                break;
        }
        Visit(feedback.Lengths);
        Visit(feedback.Truncate);
        Visit(feedback.Checkpoint);
        Visit(feedback.Body);
    }

    private void Visit(EquatableArray<IndexVariable> indices)
    {
        foreach (var index in indices) Visit(index.Range);
    }

    // ---- Expressions -----------------------------------------------------------------------------------------------

    private void Visit(EquatableArray<Argument> arguments)
    {
        foreach (var argument in arguments) Visit(argument.Value);
    }

    private void Visit(Expression? expression)
    {
        switch (expression)
        {
            case UnaryExpression unary:
                Visit(unary.Operand);
                break;
            case BinaryExpression binary:
                Visit(binary.Left);
                Visit(binary.Right);
                VisitOperator(binary);
                break;
            case PipeExpression pipe:
                Visit(pipe.Value);
                Visit(pipe.Target);
                break;
            case CallExpression call:
                Visit(call.Callee);
                Attach(Behind(call.Callee.Span));
                Visit(call.Arguments);
                break;
            case MemberExpression member:
                Visit(member.Target);
                break;
            case SubscriptExpression subscript:
                Visit(subscript.Target);
                Attach(Behind(subscript.Target.Span));
                foreach (var part in subscript.Subscripts) Visit(part);
                break;
            case ReshapeExpression reshape:
                Visit(reshape.Value);
                Visit(reshape.Axes);
                break;
            case ReduceExpression reduce:
                VisitReduction(reduce);
                break;
            case TupleExpression tuple:
                foreach (var item in tuple.Items) Visit(item);
                break;
            case ShapeExpression shape:
                Visit(shape.Axes);
                break;
        }
    }

    private void VisitReduction(ReduceExpression reduce)
    {
        // The bracket stands before the first index; a reduction in parentheses has them in its span.
        Attach(First(reduce.Indices[0].Span) - 1);
        Visit(reduce.Indices);
        Visit(reduce.Body);
    }

    private void Visit(Subscript subscript)
    {
        switch (subscript)
        {
            case IndexSubscript index:
                Visit(index.Index);
                break;
            case RangeSubscript range:
                var colon = range.From is null ? First(range.Span) : Behind(range.From.Span);
                _roles[colon] = TokenRole.SliceColon;
                var next = range.To is null ? colon + 1 : Behind(range.To.Span);
                if (next < Behind(range.Span)) _roles[next] = TokenRole.SliceColon;
                Visit(range.From);
                Visit(range.To);
                Visit(range.Step);
                break;
        }
    }

    // ---- Operators -------------------------------------------------------------------------------------------------

    private void VisitOperator(BinaryExpression binary)
    {
        var index = First(binary.OperatorSpan);
        _roles[index] = IsTight(index, binary.Right) ? TokenRole.TightOperator : TokenRole.Operator;
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
