namespace Events.GraphQL.Types;

/// <summary>
/// Input objects (specification, section 3.10): their fields, "oneOf", and that a value of each can have an end.
/// </summary>
internal static class InputRules
{
    internal static IEnumerable<string> Check(GraphSchema schema)
    {
        List<GraphInput> inputs = [.. schema.Types.OfType<GraphInput>()];
        List<string> problems = [.. inputs.SelectMany(Input)];
        var cycles = new Cycles(problems);
        inputs.ForEach(cycles.Follow);
        problems.AddRange(Endless(inputs).Select(input =>
            $"Input Object \"{input}\" can have no finite value: each of its fields needs one of its own kind."));
        return problems;
    }

    private static IEnumerable<string> Input(GraphInput input)
    {
        if (input.Fields.Count == 0)
        {
            yield return $"Input Object type {input} must define one or more fields.";
        }

        foreach (GraphInputValue field in input.Fields)
        {
            string path = $"{input}.{field.Name}";
            foreach (string problem in SchemaRules.InputValue(path, field, "input field"))
            {
                yield return problem;
            }

            if (input.IsOneOf && field.Type.Kind == TypeKind.NonNull)
            {
                yield return $"OneOf input field {path} must be nullable.";
            }

            if (input.IsOneOf && field.DefaultLiteral is not null)
            {
                yield return $"OneOf input field {path} cannot have a default value.";
            }
        }
    }

    /// <summary>
    /// "OneOf" objects all of whose fields lead back to such objects. Others are found by <see cref="Cycles"/>.
    /// </summary>
    private static List<GraphInput> Endless(List<GraphInput> inputs)
    {
        var ending = new HashSet<GraphInput>();
        bool hasGrown = true;
        while (hasGrown)
        {
            hasGrown = false;
            foreach (GraphInput input in inputs.Where(input => !ending.Contains(input)))
            {
                bool ends = input.IsOneOf
                    ? input.Fields.Count == 0 || input.Fields.Any(field => field.Type is not GraphInput of || ending.Contains(of))
                    : !input.Fields.Any(field => field.Type is GraphNonNull { Of: GraphInput of } && !ending.Contains(of));
                hasGrown |= ends && ending.Add(input);
            }
        }

        return [.. inputs.Where(input => input.IsOneOf && !ending.Contains(input))];
    }

    /// <summary>Finds chains of fields that must be given and come back to where they began.</summary>
    private sealed class Cycles(List<string> problems)
    {
        private readonly HashSet<GraphInput> _visited = [];
        private readonly List<GraphInputValue> _path = [];
        private readonly Dictionary<GraphInput, int> _open = [];

        internal void Follow(GraphInput input)
        {
            if (!_visited.Add(input))
            {
                return;
            }

            _open[input] = _path.Count;
            foreach (GraphInputValue field in input.Fields)
            {
                if (field.Type is GraphNonNull { Of: GraphInput of })
                {
                    _path.Add(field);
                    Enter(of);
                    _path.RemoveAt(_path.Count - 1);
                }
            }

            _open.Remove(input);
        }

        private void Enter(GraphInput input)
        {
            if (_open.TryGetValue(input, out int start))
            {
                problems.Add($"Cannot reference Input Object \"{input}\" within itself through a series of non-null fields: "
                    + $"\"{string.Join('.', _path.Skip(start).Select(field => field.Name))}\".");
            }
            else
            {
                Follow(input);
            }
        }
    }
}
