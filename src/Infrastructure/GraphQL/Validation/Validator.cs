using Events.GraphQL.Language;
using Events.GraphQL.Types;
using Events.GraphQL.Validation.Rules;
using Events.GraphQL.Validation.Sdl;

namespace Events.GraphQL.Validation;

/// <summary>Makes one rule for one document.</summary>
internal delegate ValidationRule RuleFactory(ValidationContext context);

/// <summary>
/// Says what is wrong with a document before it is executed (specification, section 5). All rules see one walk.
/// </summary>
internal static class Validator
{
    private static readonly RuleFactory[] ForOperations =
    [
        context => new ExecutableDefinitions(context),
        context => new UniqueOperationNames(context),
        context => new LoneAnonymousOperation(context),
        context => new SingleFieldSubscriptions(context),
        context => new KnownTypeNames(context),
        context => new FragmentsOnCompositeTypes(context),
        context => new VariablesAreInputTypes(context),
        context => new ScalarLeafs(context),
        context => new FieldsOnCorrectType(context),
        context => new UniqueFragmentNames(context),
        context => new KnownFragmentNames(context),
        context => new NoUnusedFragments(context),
        context => new PossibleFragmentSpreads(context),
        context => new NoFragmentCycles(context),
        context => new UniqueVariableNames(context),
        context => new NoUndefinedVariables(context),
        context => new NoUnusedVariables(context),
        context => new KnownDirectives(context),
        context => new UniqueDirectivesPerLocation(context),
        context => new KnownArgumentNames(context),
        context => new UniqueArgumentNames(context),
        context => new ValuesOfCorrectType(context),
        context => new ProvidedRequiredArguments(context),
        context => new VariablesInAllowedPosition(context),
        context => new OverlappingFieldsCanBeMerged(context),
        context => new UniqueInputFieldNames(context),
        context => new MaxIntrospectionDepth(context),
    ];

    private static readonly RuleFactory[] ForSdl =
    [
        context => new LoneSchemaDefinition(context),
        context => new UniqueOperationTypes(context),
        context => new UniqueTypeNames(context),
        context => new UniqueEnumValueNames(context),
        context => new UniqueFieldDefinitionNames(context),
        context => new UniqueArgumentDefinitionNames(context),
        context => new UniqueDirectiveNames(context),
        context => new KnownTypeNames(context),
        context => new KnownDirectives(context),
        context => new UniqueDirectivesPerLocation(context),
        context => new PossibleTypeExtensions(context),
        context => new KnownArgumentNamesOnDirectives(context),
        context => new UniqueArgumentNames(context),
        context => new UniqueInputFieldNames(context),
        context => new ProvidedRequiredArgumentsOnDirectives(context),
    ];

    /// <returns>Empty when the document may be executed.</returns>
    internal static IReadOnlyList<GraphQLError> Validate(GraphSchema schema, DocumentNode document, ValidationOptions options) =>
        Run(new ValidationContext(schema, document, options), options.IsIntrospectionAllowed
            ? ForOperations
            : [.. ForOperations, context => new NoIntrospection(context)]);

    /// <param name="extended">The schema that the document extends; null when it defines one of its own.</param>
    /// <returns>Empty when a schema can be built of the document.</returns>
    internal static IReadOnlyList<GraphQLError> ValidateSdl(GraphSchema? extended, DocumentNode document) =>
        Run(new ValidationContext(extended, document, ValidationOptions.Default), ForSdl);

    /// <summary>Runs chosen rules: for a rule's own tests, and for those that are no part of the specification.</summary>
    internal static IReadOnlyList<GraphQLError> Run(ValidationContext context, IReadOnlyList<RuleFactory> rules)
    {
        new RuleWalker(context, [.. rules.Select(make => make(context))]).Walk(context.Document);
        return context.Errors;
    }

    private sealed class RuleWalker(ValidationContext context, ValidationRule[] rules) : SyntaxWalker
    {
        /// <summary>For each rule, the node inside of which it wants to hear nothing.</summary>
        private readonly SyntaxNode?[] _skipped = new SyntaxNode?[rules.Length];

        protected override bool Enter(SyntaxNode node)
        {
            context.Types?.Enter(node);
            for (int i = 0; i < rules.Length; i++)
            {
                if (_skipped[i] is null && !rules[i].Enter(node))
                {
                    _skipped[i] = node;
                }
            }

            context.Ancestors.Add(node);
            IsStopped = context.IsFull;
            return true;
        }

        protected override void Leave(SyntaxNode node)
        {
            context.Ancestors.RemoveAt(context.Ancestors.Count - 1);
            for (int i = 0; i < rules.Length; i++)
            {
                if (_skipped[i] is null)
                {
                    rules[i].Leave(node);
                }
                else if (_skipped[i] == node)
                {
                    _skipped[i] = null;
                }
            }

            context.Types?.Leave(node);
        }
    }
}
