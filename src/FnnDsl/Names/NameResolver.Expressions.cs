using FeedbackNN.Dsl.Binding;
using FeedbackNN.Dsl.Diagnostics;
using FeedbackNN.Dsl.Syntax;
using FeedbackNN.Dsl.Text;

namespace FeedbackNN.Dsl.Names;

// Names in expressions, types and paths.
internal sealed partial class NameResolver
{
    private void VisitAll(IEnumerable<Expression> expressions)
    {
        foreach (var expression in expressions) Visit(expression);
    }

    private void Visit(Expression expression)
    {
        System.Runtime.CompilerServices.RuntimeHelpers.EnsureSufficientExecutionStack();
        switch (expression)
        {
            case NameExpression name:
                Read(name);
                break;
            case UnaryExpression unary:
                Visit(unary.Operand);
                break;
            case BinaryExpression binary:
                Visit(binary.Left);
                Visit(binary.Right);
                break;
            case PipeExpression pipe:
                Visit(pipe.Value);
                Visit(pipe.Target);
                break;
            case CallExpression call:
                Visit(call.Callee);
                VisitArguments(call.Arguments, ParametersOf(call.Callee));
                break;
            case MemberExpression member:
                Visit(member.Target);
                if (ResultOf(member) is { } result) Add(member.Member.Span, result, result.Location, false);
                else if ((LayerOf(member.Target) is { } layer ? MemberOf(layer, member.Member.Text) : Declarations.MemberOfTensor(member.Member.Text)) is { } found)
                {
                    Add(member.Member.Span, found, found.Location, false);
                }
                break;
            case SubscriptExpression subscript:
                Visit(subscript.Target);
                foreach (var item in subscript.Subscripts) Visit(item);
                break;
            case ReshapeExpression reshape:
                Visit(reshape.Value);
                VisitAxes(reshape.Axes);
                break;
            case ReduceExpression reduce:
                WithIndices(reduce.Indices, () => Visit(reduce.Body));
                break;
            case TupleExpression tuple:
                VisitAll(tuple.Items);
                break;
            case ShapeExpression shape:
                VisitAxes(shape.Axes);
                break;
        }
    }

    private void Visit(Subscript subscript)
    {
        if (subscript is IndexSubscript index) Visit(index.Index);
        else if (subscript is RangeSubscript range) VisitAll(new[] { range.From, range.To, range.Step }.OfType<Expression>());
    }

    private void Visit(TypeSyntax type) => VisitAxes(type.Axes ?? default);

    private void VisitAxes(EquatableArray<AxisSyntax> axes)
    {
        foreach (var axis in axes.OfType<SizeAxis>())
        {
            // The first place where the signature names an axis binds it.
            if (axis.Size is NameExpression name && _locals.Find(name.Name) is { Kind: NameKind.Axis } bound && !_bound.ContainsKey(name.Name) && bound.Location!.Value.Span == name.Span)
            {
                Bind(new Identifier(name.Name, name.Span));
            }
            else Visit(axis.Size);
            if (axis.AtMost is { } most) Visit(most);
        }
    }

    private void WithIndices(EquatableArray<IndexVariable> variables, Action visit)
    {
        var indices = new Dictionary<string, DeclaredName>(StringComparer.Ordinal);
        foreach (var variable in variables)
        {
            if (variable.Range is { } range) Visit(range);
            if (variable.IsEllipsis) continue;
            var place = new Location(_symbol.Source, variable.Name.Span);
            var name = new DeclaredName(NameKind.Index, variable.Name.Text, place, _declarations.Of(_symbol), "", null, _symbol.IsLibrary);
            indices[variable.Name.Text] = name;
            Add(variable.Name.Span, name, place, true);
        }
        _indices.Add(indices);
        visit();
        _indices.RemoveAt(_indices.Count - 1);
    }

    private void Read(NameExpression name)
    {
        if (Find(name.Name) is { } found) Add(name.Span, found.Name, found.Definition, false);
    }

    // Indices, then what has been bound by here, then declarations, then what the compiler knows: the binder's order.
    private (DeclaredName Name, Location? Definition)? Find(string name)
    {
        for (var k = _indices.Count - 1; k >= 0; k--)
        {
            if (_indices[k].TryGetValue(name, out var index)) return (index, index.Location);
        }
        if (_bound.TryGetValue(name, out var bound)) return (bound.Name, bound.Place);
        if (_locals.Find(name) is { Kind: NameKind.Axis } axis) return (axis, axis.Location);
        if (name is "true" or "false" or "inf" or "pi" or "training") return null;
        if (Declared(name) is { } declared) return (declared, declared.Location);
        return _declarations.BuiltIn(name) is { } builtIn ? (builtIn, null) : null;
    }

    // "block{i}" reads i.
    private void VisitHoles(StringExpression? text)
    {
        if (text is null) return;
        var end = -1;
        for (var k = text.Span.Start; k < text.Span.End; k++)
        {
            var c = _symbol.Source.Text[k];
            if (c == '{') end = _symbol.Source.Text.IndexOf('}', k, text.Span.End - k);
            if (k >= end || !(char.IsLetter(c) || c == '_')) continue;
            var start = k;
            while (k < end && (char.IsLetterOrDigit(_symbol.Source.Text[k]) || _symbol.Source.Text[k] == '_')) k++;
            var span = TextSpan.FromBounds(start, k);
            Read(new NameExpression(_symbol.Source.GetText(span), span));
        }
    }

    // ---- Calls --------------------------------------------------------------------------------------------------

    private void VisitArguments(EquatableArray<Argument> arguments, (Symbol Callee, EquatableArray<ParameterSyntax> Parameters)? callee)
    {
        foreach (var argument in arguments)
        {
            if (argument.Name is { } name && callee is { } known && ParameterOf(known.Callee, known.Parameters, name.Text) is { } found) Add(name.Span, found, found.Location, false);
            Visit(argument.Value);
        }
    }

    private DeclaredName? ParameterOf(Symbol callee, EquatableArray<ParameterSyntax> parameters, string name)
    {
        var inside = _declarations.Inside(callee);
        // The networks of a family of trains are given by name, too.
        if (parameters.FirstOrDefault(parameter => parameter.Name.Text == name) is not { } parameter) return callee is TrainSymbol && inside.Find(name) is { Kind: NameKind.Net } net ? net : null;
        return parameter.Type.Axes is null ? inside.Find(NameKind.Config, name) : inside.Find(name);
    }

    /// <summary>What a call's arguments go to: config where an instance is made, else tensors.</summary>
    private (Symbol, EquatableArray<ParameterSyntax>)? ParametersOf(Expression callee)
    {
        if (callee is NameExpression name && !_bound.ContainsKey(name.Name))
        {
            return FindDeclared(name.Name) switch
            {
                CallableSymbol symbol => (symbol, symbol.IsLayer && symbol.Declaration.Config is { } config ? config : symbol.Declaration.Parameters),
                TrainSymbol family when _symbol is TrainMemberSymbol => (family, family.Declaration.Config ?? default),
                _ => null,
            };
        }
        return CallableOf(LayerOf(callee)) is { } layer ? (layer, layer.Declaration.Parameters) : null;
    }

    /// <summary>The layer or model whose instance an expression is; null when that is not known.</summary>
    private Symbol? LayerOf(Expression expression) => expression switch
    {
        MemberExpression member when CallableOf(LayerOf(member.Target)) is { } outer => MemberLayer(outer, member.Member.Text),
        _ => _locals.LayerMadeBy(expression),
    };

    // A part of a path: another instance, or, for copies and their numbers, a place in the same body.
    private Symbol? MemberLayer(CallableSymbol outer, string member) =>
        _declarations.Inside(outer).LayerOf(member) ?? (IsCopies(outer, member) ? outer : null);

    private bool IsCopies(CallableSymbol outer, string part) => part.All(char.IsDigit) || _declarations.Inside(outer).Find(NameKind.Copies, part) is not null;

    private DeclaredName? MemberOf(Symbol? layer, string member)
    {
        if (CallableOf(layer) is not { } outer) return null;
        var inside = _declarations.Inside(outer);
        return inside.Find(member) is { Kind: NameKind.Instance or NameKind.Param or NameKind.Buffer } found ? found
            : inside.Find(NameKind.Copies, member) ?? inside.Find(NameKind.Config, member);
    }

    // A member of a family has the family's names.
    private CallableSymbol? CallableOf(Symbol? symbol) => symbol switch
    {
        CallableSymbol callable => callable,
        ModelMemberSymbol member => _declarations.Scope.FamilyOf(member) as CallableSymbol,
        _ => null,
    };

    // ---- Trains -------------------------------------------------------------------------------------------------

    private void VisitPath(PathPattern path)
    {
        if (path.Parts.Count == 0 || _locals.Find(path.Parts[0].Text) is not { Kind: NameKind.Net } net) return;
        Add(path.Parts[0].Span, net, net.Location, false);
        VisitParts(path.Parts.Skip(1), _locals.LayerOf(net.Text));
    }

    private void VisitParts(IEnumerable<Identifier> parts, Symbol? holder)
    {
        var layer = CallableOf(holder);
        var isInCopies = false;
        foreach (var part in parts)
        {
            if (layer is null) return;
            if (MemberOf(layer, part.Text) is { } member) Add(part.Span, member, member.Location, false);
            // '*' and {i} stand for all copies; '*' elsewhere for anything.
            if ((part.Text == "*" && isInCopies) || part.Text[0] == '{') continue;
            isInCopies = IsCopies(layer, part.Text);
            layer = CallableOf(MemberLayer(layer, part.Text));
        }
    }

    private void VisitOptimizer(Expression optimizer)
    {
        if (optimizer is not CallExpression { Callee: NameExpression callee } call)
        {
            if (optimizer is NameExpression alone) AddOwn(alone, _declarations.Optimizer(alone.Name));
            return;
        }
        AddOwn(callee, _declarations.Optimizer(callee.Name));
        foreach (var argument in call.Arguments)
        {
            if (argument.Value is CallExpression { Callee: NameExpression schedule } rate && _declarations.Schedule(schedule.Name) is { } known)
            {
                AddOwn(schedule, known);
                VisitAll(rate.Arguments.Select(part => part.Value));
            }
            else Visit(argument.Value);
        }
    }

    private void VisitInitial(Expression initial)
    {
        if (initial is CallExpression { Callee: NameExpression callee } call && _declarations.Initializer(callee.Name) is { } known)
        {
            AddOwn(callee, known);
            VisitAll(call.Arguments.Select(argument => argument.Value));
        }
        else Visit(initial);
    }

    private void AddOwn(NameExpression place, DeclaredName? name)
    {
        if (name is not null) Add(place.Span, name, null, false);
    }
}
